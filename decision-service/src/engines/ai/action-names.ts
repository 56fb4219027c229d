import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'
import { isAllowedAction } from '../../domain/decision.ts'

/**
 * The four action names that policies used before each type had actions of its own. REJECT becomes ESCALATE for types
 * without a rejection.
 */
const OLD_NAMES: Readonly<Record<IssueType, Readonly<Record<string, DecisionAction>>>> = {
  DECLINE: {
    APPROVE_RETRY: 'RETRY_PAYMENT',
    REJECT: 'ESCALATE',
  },
  MISSED_INSTALLMENT: {
    APPROVE_RETRY: 'RETRY_PAYMENT',
    REJECT: 'ESCALATE',
  },
  DISPUTE: {
    REJECT: 'CONTEST_DISPUTE',
  },
  REFUND_REQUEST: {
    APPROVE_REFUND: 'APPROVE_REFUND',
    REJECT: 'DENY_REFUND',
  },
}

/** The action that a model named, in capitals or not, by its present or its old name; null where the type has none such. */
export function findAction(name: string, issueType: IssueType): DecisionAction | null {
  const word = name.trim().toUpperCase()
  const action = Object.hasOwn(OLD_NAMES[issueType], word) ? OLD_NAMES[issueType][word]! : word
  return isAllowedAction(issueType, action as DecisionAction) ? (action as DecisionAction) : null
}
