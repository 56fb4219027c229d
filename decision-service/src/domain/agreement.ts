import type { DecisionAction } from '@redress/shared/contracts.ts'

export type Agreement = 'AGREED' | 'MODIFIED' | 'REJECTED'

/** The action that contradicts a recommendation; null where every other action only modifies it. */
const OPPOSITE: Readonly<Record<DecisionAction, DecisionAction | null>> = {
  APPROVE_REFUND: 'DENY_REFUND',
  DENY_REFUND: 'APPROVE_REFUND',
  ACCEPT_DISPUTE: 'CONTEST_DISPUTE',
  CONTEST_DISPUTE: 'ACCEPT_DISPUTE',
  RETRY_PAYMENT: 'BLOCK_CARD',
  BLOCK_CARD: 'RETRY_PAYMENT',
  SEND_REMINDER: null,
  CHARGE_LATE_FEE: null,
  ESCALATE: null,
}

/** Compares the action that a person chose with the recommended one. */
export function agreementBetween(recommended: DecisionAction, chosen: DecisionAction): Agreement {
  if (recommended === chosen) return 'AGREED'
  return OPPOSITE[recommended] === chosen ? 'REJECTED' : 'MODIFIED'
}
