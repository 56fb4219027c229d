import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type DecisionJob, jobIdFor } from '../domain/job.ts'
import type { DecisionsTransaction } from './ports.ts'

export type NewCase = Readonly<{ eventId: string; case: DecisionCase; requestId: string | null; trace?: string }>

export function toJob({ eventId, ...asked }: NewCase, now: Date): DecisionJob {
  return { id: jobIdFor(eventId), ...asked, status: 'PENDING', createdAt: now, updatedAt: now }
}

/** Records the jobs to be done, in the transaction that also notes their events as heard. */
export function createAcceptCases({ now }: { now: Clock }) {
  return async (cases: readonly NewCase[], transaction: DecisionsTransaction): Promise<void> => {
    if (cases.length === 0) return
    await transaction.addJobs(cases.map((one) => toJob(one, now())))
  }
}
