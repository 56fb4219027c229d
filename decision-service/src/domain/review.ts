import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Agreement } from './agreement.ts'

export type Review = Readonly<{ action: DecisionAction; agreement: Agreement; reviewer: string; at: Date }>

/** A person's final decision about the issue of a decision. */
export type NewReview = Readonly<{
  decisionId: string
  action: DecisionAction
  reviewer: string
  tenant: string
  requestId: string | null
  trace?: string
  /** The payment decision that the review settles; missing for all but the cases of payments. */
  paymentId?: string
  at: Date
}>
