import type { IssueDetails } from '@redress/shared/contracts.ts'
import { findAmountLeft } from '../../domain/amount-at-stake.ts'
import type { FactTable } from './fact.ts'

/** The facts of every case, whatever its type. */
export const COMMON_FACTS: FactTable<IssueDetails> = {
  amount: {
    kind: 'money',
    currency: 'currency',
    meaning: 'what is at stake: the instalment, the partial refund or else all that is left of the transaction',
    read: ({ atStake }) => atStake?.amount ?? null,
  },
  currency: {
    kind: 'currency',
    meaning: 'the currency of `amount`',
    read: ({ atStake }) => atStake?.currency ?? null,
  },
  currencySupported: {
    kind: 'boolean',
    meaning: 'whether `currency` is one of those the policy lists',
    read: ({ atStake, coverage }) => atStake !== null && coverage.currencies.includes(atStake.currency),
  },
  aboveCeiling: {
    kind: 'boolean',
    meaning: 'whether `amount` is above `max-amount` of SKILL.md',
    read: ({ atStake, coverage }) => atStake !== null && atStake.amount > coverage.maxAmount,
  },
  amountExceedsTransaction: {
    kind: 'boolean',
    meaning: 'whether `amount` is more than is left of the transaction',
    read: ({ atStake, transaction }) => {
      const left = findAmountLeft(transaction)
      return atStake !== null && left !== null && atStake.amount > left.amount
    },
  },
  currencyDiffers: {
    kind: 'boolean',
    meaning: 'whether `currency` is another one than the transaction has',
    read: ({ atStake, transaction }) =>
      atStake !== null && transaction !== null && atStake.currency !== transaction.amount.currency,
  },
  transactionKnown: {
    kind: 'boolean',
    meaning: 'whether the issue names a transaction',
    read: ({ transaction }) => transaction !== null,
  },
  transactionStatus: {
    kind: 'text',
    values: ['AUTHORIZED', 'CAPTURED', 'DECLINED', 'REFUNDED', 'DISPUTED'],
    meaning: 'null without a transaction',
    read: ({ transaction }) => transaction?.status ?? null,
  },
  transactionAmount: {
    kind: 'money',
    currency: 'transactionCurrency',
    meaning: 'the whole transaction',
    read: ({ transaction }) => transaction?.amount.amount ?? null,
  },
  refundedAmount: {
    kind: 'money',
    currency: 'transactionCurrency',
    meaning: 'what of the transaction was paid back before, or is approved to be',
    read: ({ transaction }) => transaction && (transaction.refunded ?? 0),
  },
  transactionCurrency: {
    kind: 'currency',
    meaning: 'the currency of `transactionAmount` and `refundedAmount`',
    read: ({ transaction }) => transaction?.amount.currency ?? null,
  },
  transactionAgeDays: {
    kind: 'number',
    meaning: 'full days since the transaction',
    read: ({ transaction }) => transaction?.ageDays ?? null,
  },
  shippingStatus: {
    kind: 'text',
    values: ['PENDING', 'IN_TRANSIT', 'DELIVERED', 'LOST'],
    meaning: 'null where nothing was shipped',
    read: ({ transaction }) => transaction?.shippingStatus ?? null,
  },
  priority: {
    kind: 'text',
    values: ['LOW', 'NORMAL', 'HIGH', 'CRITICAL'],
    meaning: 'of the issue',
    read: ({ priority }) => priority,
  },
  riskScore: { kind: 'number', meaning: '0 (safe) to 100 (risky)', read: ({ customer }) => customer.riskScore },
  accountAgeDays: { kind: 'number', meaning: 'of the customer', read: ({ customer }) => customer.accountAgeDays },
  recentDeclines: {
    kind: 'number',
    meaning: 'other declines of the customer in the last 90 days',
    read: ({ customer }) => customer.recentIssues.DECLINE,
  },
  recentMissedInstallments: {
    kind: 'number',
    meaning: 'other missed instalments of the customer in the last 90 days',
    read: ({ customer }) => customer.recentIssues.MISSED_INSTALLMENT,
  },
  recentDisputes: {
    kind: 'number',
    meaning: 'other disputes of the customer in the last 90 days',
    read: ({ customer }) => customer.recentIssues.DISPUTE,
  },
  recentRefundRequests: {
    kind: 'number',
    meaning: 'other refund requests of the customer in the last 90 days',
    read: ({ customer }) => customer.recentIssues.REFUND_REQUEST,
  },
}
