import type { DecisionAction, IssueType } from './contracts.ts'

/** The actions that each type of issue allows, for engines and for people. */
export const ALLOWED_ACTIONS: Readonly<Record<IssueType, readonly DecisionAction[]>> = {
  DECLINE: ['RETRY_PAYMENT', 'SEND_REMINDER', 'BLOCK_CARD', 'ESCALATE'],
  MISSED_INSTALLMENT: ['SEND_REMINDER', 'CHARGE_LATE_FEE', 'RETRY_PAYMENT', 'ESCALATE'],
  DISPUTE: ['ACCEPT_DISPUTE', 'CONTEST_DISPUTE', 'BLOCK_CARD', 'ESCALATE'],
  REFUND_REQUEST: ['APPROVE_REFUND', 'DENY_REFUND', 'ESCALATE'],
}

/** Whether an action gives money away. */
export const PAYS_OUT = {
  APPROVE_REFUND: true,
  ACCEPT_DISPUTE: true,
  DENY_REFUND: false,
  CONTEST_DISPUTE: false,
  RETRY_PAYMENT: false,
  SEND_REMINDER: false,
  CHARGE_LATE_FEE: false,
  BLOCK_CARD: false,
  ESCALATE: false,
} as const satisfies Record<DecisionAction, boolean>
