import { describe, expect, it } from 'vitest'
import { refundCase } from '../../../../test/refund-policy.ts'
import { type Backtest, type Ending, requestBacktest } from './backtest.ts'
import type { MadeDecision } from './backtest-result.ts'
import { createRunBacktest } from './run-backtest.ts'

const START = new Date('2030-06-16T12:00:00Z')
const policy = { skill: 'refund-policy', version: '1.1.0', digest: 'd2' }
const decisionCase = refundCase()
const made = (count: number): readonly MadeDecision[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `dec_${String(at).padStart(5, '0')}`,
    case: decisionCase,
    action: 'APPROVE_REFUND',
    routing: 'AUTO_RESOLVE',
    blind: false,
    autonomySuspended: false,
    decidedAt: new Date('2030-06-15T12:00:00Z'),
  }))

/** Everything around a run, in memory; each look at the clock is `lookMs` later than the one before. */
function open({
  decisions,
  lookMs = 0,
  endsElsewhere = false,
}: {
  decisions: number
  lookMs?: number
  endsElsewhere?: boolean
}) {
  const { backtest: asked } = requestBacktest(
    {
      id: 'bt_1',
      skill: 'refund-policy',
      candidate: { policy, files: null },
      decisions,
      from: new Date('2030-06-15T00:00:00Z'),
      to: new Date('2030-06-17T00:00:00Z'),
      cause: { actor: 'ada', requestId: null, ip: null, tenant: 'default' },
    },
    START,
  )
  const past = made(decisions)
  const seen = { progress: [] as number[], until: [] as Date[], endings: [] as Ending[], looks: 0 }
  const runBacktest = createRunBacktest({
    store: {
      find: async () => asked,
      add: async () => {},
      begin: async (): Promise<Backtest> => ({ ...asked, status: 'RUNNING', runs: 1 }),
      async advance(_, progress) {
        seen.progress.push(progress)
        return !endsElsewhere
      },
      end: async (_, ending) => void seen.endings.push(ending),
    },
    made: {
      async read({ to }, { after, limit }) {
        seen.until.push(to)
        const from = after === null ? 0 : past.indexOf(after) + 1
        return past.slice(from, from + limit)
      },
    },
    openCandidate: async () => () => ({ action: 'DENY_REFUND', confidence: 90, policyApplied: 'refund-policy §1' }),
    thresholds: { autoResolve: 80, humanReview: 70 },
    now: () => new Date(START.getTime() + seen.looks++ * lookMs),
    onCommit: () => {},
  })
  return { runBacktest, seen }
}

describe('a backtest that runs', () => {
  it('reports its progress about once a second', async () => {
    const { runBacktest, seen } = open({ decisions: 2_400, lookMs: 600 })

    const how = await runBacktest.run('bt_1', () => true)

    expect(how).toBe('ended')
    expect(seen.progress).toEqual([1_000 / 2_400, 2_000 / 2_400])
    expect(seen.endings).toMatchObject([{ status: 'COMPLETED', result: { decisions: 2_400, changed: 2_400 } }])
  })

  it('sees nothing that was decided after it was asked for', async () => {
    const { runBacktest, seen } = open({ decisions: 1 })

    await runBacktest.run('bt_1', () => true)

    expect(seen.until).toEqual([START])
  })

  it('stops between two batches when aborted, and stays open', async () => {
    const { runBacktest, seen } = open({ decisions: 2_400 })

    const how = await runBacktest.run('bt_1', () => seen.until.length < 2)

    expect(how).toBe('stopped')
    expect(seen).toMatchObject({ until: [START, START], endings: [] })
  })

  it('stops when another process has ended it', async () => {
    const { runBacktest, seen } = open({ decisions: 2_400, lookMs: 1_000, endsElsewhere: true })

    const how = await runBacktest.run('bt_1', () => true)

    expect(how).toBe('stopped')
    expect(seen.endings).toEqual([])
  })
})
