import type { DecisionAction, DecisionCase } from '@redress/shared/contracts.ts'
import { agreementBetween } from '../domain/agreement.ts'
import { type DecisionJob, jobIdFor } from '../domain/job.ts'
import type { Review } from '../domain/stored-decision.ts'
import type { Clock, DecisionsTransaction } from './ports.ts'

export type NewCase = Readonly<{ eventId: string; case: DecisionCase; requestId: string | null; trace?: string }>
export type NewReview = Readonly<{ decisionId: string; action: DecisionAction; reviewer: string; at: Date }>

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

/** Writes down beside each decision what a person made of it. */
export async function recordReviews(reviews: readonly NewReview[], transaction: DecisionsTransaction): Promise<void> {
  if (reviews.length === 0) return
  const decisions = await transaction.findDecisions(reviews.map(({ decisionId }) => decisionId))
  const known = reviews.flatMap(({ decisionId, action, reviewer, at }): [string, Review][] => {
    const decision = decisions.get(decisionId)
    return decision
      ? [[decisionId, { action, agreement: agreementBetween(decision.action, action), reviewer, at }]]
      : []
  })
  await transaction.setReviews(new Map(known))
}
