import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type NewReview, type ReviewedDecision, reviewDecision, reviewedEvent } from '../../domain/review.ts'
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

/** What else follows from reviews, in the transaction that stores them. */
export type OnReviewed = (decisions: readonly ReviewedDecision[]) => Promise<void>

/** Writes down beside each decision what a person made of it. The first review of a decision stays. */
export async function recordReviews(
  reviews: readonly NewReview[],
  transaction: DecisionsTransaction,
  onReviewed: OnReviewed = async () => {},
): Promise<void> {
  if (reviews.length === 0) return
  const decisions = await transaction.findDecisions(reviews.map(({ decisionId }) => decisionId))
  const reviewed = new Map<string, ReviewedDecision>()
  const events: DomainEvent[] = []
  for (const review of reviews) {
    const decision = decisions.get(review.decisionId)
    if (!decision || decision.review !== null || reviewed.has(decision.id)) continue
    const after = reviewDecision(decision, review)
    reviewed.set(decision.id, after)
    events.push(reviewedEvent(after, review))
  }
  await transaction.setReviews([...reviewed.values()])
  await transaction.tell(events)
  await onReviewed([...reviewed.values()])
}
