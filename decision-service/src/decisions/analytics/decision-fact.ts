import type { IssueType, Money } from '@redress/shared/contracts.ts'
import { findAmountAtStake } from '../../domain/amount-at-stake.ts'
import type { Review } from '../../domain/review.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'

type Counted = 'action' | 'confidence' | 'routing' | 'engine' | 'fallback' | 'policy' | 'durationMs' | 'usage' | 'blind'

/** The part of a decision that analytics counts: a tenth of it, so that very many can be read. */
export type DecisionFact = Pick<StoredDecision, Counted | 'shadow'> &
  Readonly<{
    issueType: IssueType
    /** Where a candidate is to be compared; null anywhere else. */
    atStake: Money | null
    review: Pick<Review, 'action' | 'agreement'> | null
  }>

export function toFact(decision: StoredDecision): DecisionFact {
  const { action, confidence, routing, engine, fallback, policy, durationMs, usage, blind, shadow, review } = decision
  const { skill, version, digest } = policy
  return {
    action,
    confidence,
    routing,
    engine,
    fallback,
    policy: { skill, version, digest },
    durationMs,
    usage,
    blind,
    shadow,
    issueType: decision.case.details.type,
    atStake: shadow && findAmountAtStake(decision.case),
    review: review && { action: review.action, agreement: review.agreement },
  }
}
