import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { NewReview } from '../domain/review.ts'
import type { ReviewedDecision, StoredDecision } from '../domain/stored-decision.ts'
import { reviewDecision, reviewedEvent } from './review-decision.ts'

/** The reads and writes of one transaction. */
export type ReviewsTransaction = Readonly<{
  findDecisions(ids: readonly string[]): Promise<ReadonlyMap<string, StoredDecision>>
  setReviews(reviewed: readonly ReviewedDecision[]): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
}>

/** Further effects of reviews, in the transaction that stores them. */
export type OnReviewed = (decisions: readonly ReviewedDecision[]) => Promise<void>

/** Writes down beside each decision what a person made of it. The first review of a decision stays. */
export async function recordReviews(
  reviews: readonly NewReview[],
  transaction: ReviewsTransaction,
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
  await transaction.addEvents(events)
  await onReviewed([...reviewed.values()])
}
