import type { Money } from '@redress/shared/contracts.ts'

/** The payment that a person is to check, as the decision service asked for it. No PII. */
export type PaymentCase = Readonly<{
  /** Of the payment decision, in the decisions subgraph. */
  decisionId: string
  payeeId: string
  amount: Money
}>
