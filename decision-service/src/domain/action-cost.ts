import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'

/**
 * The cost of each action when it is wrong, as a rank within its type: the higher, the more an attacker gains from it.
 * ESCALATE costs nothing, because every other action is worth more to an attacker than a review by a person.
 */
export const ACTION_COSTS: Readonly<Record<IssueType, Readonly<Partial<Record<DecisionAction, number>>>>> = {
  DECLINE: {
    ESCALATE: 0,
    // Stops a thief; an owner who is hurt by it says so, and a person undoes it.
    BLOCK_CARD: 1,
    // The card stays usable, but nothing is collected with it.
    SEND_REMINDER: 2,
    // A stolen card pays for goods, and each attempt costs a fee.
    RETRY_PAYMENT: 3,
  },
  MISSED_INSTALLMENT: {
    ESCALATE: 0,
    // Asks for what is owed and for more.
    CHARGE_LATE_FEE: 1,
    // Collects what is owed, and gives up the fee.
    RETRY_PAYMENT: 2,
    // Collects nothing: what is owed stays owed.
    SEND_REMINDER: 3,
  },
  DISPUTE: {
    ESCALATE: 0,
    // Moves no money, and ends what a stolen card can do.
    BLOCK_CARD: 1,
    // The money stays here, for a fee, and the card stays usable.
    CONTEST_DISPUTE: 2,
    // The money is gone for good.
    ACCEPT_DISPUTE: 3,
  },
  REFUND_REQUEST: {
    ESCALATE: 0,
    // The money stays here.
    DENY_REFUND: 1,
    // The money is gone for good.
    APPROVE_REFUND: 2,
  },
}

/** An action that a type does not allow costs more than any that it does. */
export function costOf(issueType: IssueType, action: DecisionAction): number {
  return ACTION_COSTS[issueType][action] ?? Number.POSITIVE_INFINITY
}
