import type { CreateIssueCommand } from '../../../issues-service/src/issues/use-cases/create-issues.ts'
import { type Cost, measureInTurns } from './cpu.ts'
import { customerIdOf } from './fill.ts'
import type { BenchService } from './service.ts'

const BATCH = 100

/** The cost of creating one issue, and of creating a hundred at once. */
export function measureBatch(
  { useCases }: BenchService,
  { pids, rounds }: Readonly<{ pids: readonly number[]; rounds: number }>,
): Promise<Readonly<Record<'one' | 'batch', Cost>>> {
  const cause = { actor: 'bench', requestId: 'bench', ip: null, tenant: 'default' }
  let keys = 0
  const command = (): CreateIssueCommand => ({
    cause,
    input: {
      ...{ idempotencyKey: `bench-list-${++keys}`, customerId: customerIdOf(keys % 1_000), transactionId: null },
      ...{ priority: 'NORMAL', details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } },
    },
  })
  const contestants = {
    one: () => useCases.createIssues([command()]),
    batch: () => useCases.createIssues(Array.from({ length: BATCH }, command)),
  }
  return measureInTurns(contestants, { pids, rounds, calls: 20 })
}
