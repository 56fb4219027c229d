import type { DecisionAction } from '@redress/shared/contracts.ts'

export type Agreement = 'AGREED' | 'MODIFIED' | 'REJECTED'

/** What a person decides instead when they hold the recommendation for wrong, not only for not quite right. */
const OPPOSITE: Readonly<Partial<Record<DecisionAction, DecisionAction>>> = {
  APPROVE_REFUND: 'DENY_REFUND',
  DENY_REFUND: 'APPROVE_REFUND',
  ACCEPT_DISPUTE: 'CONTEST_DISPUTE',
  CONTEST_DISPUTE: 'ACCEPT_DISPUTE',
  RETRY_PAYMENT: 'BLOCK_CARD',
  BLOCK_CARD: 'RETRY_PAYMENT',
}

/** How a person's action stands to what was recommended. */
export function agreementBetween(recommended: DecisionAction, chosen: DecisionAction): Agreement {
  if (recommended === chosen) return 'AGREED'
  return OPPOSITE[recommended] === chosen ? 'REJECTED' : 'MODIFIED'
}
