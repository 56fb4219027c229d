import type { IssueType } from '@redress/shared/contracts.ts'
import type { DetailsOf, FactTable } from './fact.ts'

/** The facts of cases of one type only. */
export const TYPE_FACTS: Readonly<{ [T in IssueType]: FactTable<DetailsOf<T>> }> = {
  DECLINE: {
    errorCode: {
      kind: 'text',
      values: ['INSUFFICIENT_FUNDS', 'CARD_EXPIRED', 'CARD_DECLINED'],
      meaning: 'why the payment was declined',
      read: ({ details }) => details.errorCode,
    },
    autoRetryCount: {
      kind: 'number',
      meaning: 'automatic retries made so far',
      read: ({ details }) => details.autoRetryCount,
    },
  },
  MISSED_INSTALLMENT: {
    installmentNumber: {
      kind: 'number',
      meaning: 'which instalment was missed, from 1',
      read: ({ details }) => details.installmentNumber,
    },
    totalInstallments: {
      kind: 'number',
      meaning: 'instalments of the plan',
      read: ({ details }) => details.totalInstallments,
    },
    remainingInstallments: {
      kind: 'number',
      meaning: 'instalments after this one; below 0 the plan contradicts itself',
      read: ({ details }) => details.totalInstallments - details.installmentNumber,
    },
    daysOverdue: { kind: 'number', meaning: 'full days since it was due', read: ({ details }) => details.daysOverdue },
  },
  DISPUTE: {
    reason: {
      kind: 'text',
      values: ['ITEM_NOT_RECEIVED', 'UNAUTHORIZED', 'PRODUCT_ISSUE'],
      meaning: 'why the customer disputes the payment',
      read: ({ details }) => details.reason,
    },
    daysSincePurchase: {
      kind: 'number',
      meaning: 'full days since the purchase: by the record of the transaction, without one as the issue says',
      read: ({ details }) => details.daysSincePurchase,
    },
  },
  REFUND_REQUEST: {
    reason: {
      kind: 'text',
      values: ['CHANGED_MIND', 'DEFECTIVE', 'WRONG_ITEM'],
      meaning: 'why the customer wants the money back',
      read: ({ details }) => details.reason,
    },
    daysSincePurchase: {
      kind: 'number',
      meaning: 'full days since the purchase: by the record of the transaction, without one as the issue says',
      read: ({ details }) => details.daysSincePurchase,
    },
    partialRefund: {
      kind: 'boolean',
      meaning: 'whether only a part is asked for',
      read: ({ details }) => details.partialAmount !== null,
    },
  },
}
