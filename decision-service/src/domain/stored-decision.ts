import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Decision } from './decision.ts'
import type { Review } from './review.ts'

/** A decision as it stands: made once for each job, and later perhaps reviewed by a person. */
export type StoredDecision = Decision &
  Readonly<{
    id: string
    issueId: string
    jobId: string
    /** The case, kept so that it can be decided again. */
    case: DecisionCase
    review: Review | null
    /** Of the issue. */
    tenant: string
    decidedAt: Date
  }>

export type ReviewedDecision = StoredDecision & Readonly<{ review: Review }>

/** While it awaits a blind review, a decision is hidden from every query. */
export function isHidden({ blind, review }: Readonly<{ blind: boolean; review: object | null }>): boolean {
  return blind && review === null
}
