import type { ClaimDifference, IssueDetails } from '@redress/shared/contracts.ts'
import { DetailsMismatchError } from '../../domain/errors.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import { daysBetween } from './days-between.ts'

/** What an issue is about by the record of its payment, and what its own details say otherwise. */
export type Recorded = Readonly<{ details: IssueDetails; differences: readonly ClaimDifference[] }>

/** The details that are decided on: where the issue and the record of its payment differ, those of the record. */
export function toRecorded(details: IssueDetails, payment: Transaction | null, at: Date): Recorded {
  if (payment === null) return { details, differences: [] }
  switch (details.type) {
    case 'DECLINE':
      return { details, differences: [] }
    case 'DISPUTE':
    case 'REFUND_REQUEST': {
      const daysSincePurchase = daysBetween(payment.createdAt, at)
      return {
        details: { ...details, daysSincePurchase },
        differences: findDifferences([['daysSincePurchase', details.daysSincePurchase, daysSincePurchase]]),
      }
    }
    case 'MISSED_INSTALLMENT':
      return toRecordedInstallment(details, payment)
  }
}

type Installment = Extract<IssueDetails, { type: 'MISSED_INSTALLMENT' }>

/** Less than an instalment may be due, where a part of it was paid; more may not. */
function toRecordedInstallment(details: Installment, { installmentPlan: plan }: Transaction): Recorded {
  if (plan === null || plan.installmentAmount.currency !== details.amountDue.currency) {
    return { details, differences: [] }
  }
  const { totalInstallments, installmentAmount } = plan
  const due = Math.min(details.amountDue.amount, installmentAmount.amount)
  return {
    details: { ...details, totalInstallments, amountDue: { ...installmentAmount, amount: due } },
    differences: findDifferences([
      ['totalInstallments', details.totalInstallments, totalInstallments],
      ['amountDue', details.amountDue.amount, due],
    ]),
  }
}

type Values = readonly [field: string, claimed: number, recorded: number]

function findDifferences(values: readonly Values[]): readonly ClaimDifference[] {
  return values
    .filter(([, claimed, recorded]) => claimed !== recorded)
    .map(([field, claimed, recorded]) => ({ field, claimed, recorded }))
}

/** Why an issue cannot be about a payment, as where the payment has no such instalment; null where it can. */
export function findMismatch(
  details: IssueDetails,
  { amount, installmentPlan }: Transaction,
): DetailsMismatchError | null {
  if (details.type === 'REFUND_REQUEST' && details.partialAmount !== null) {
    const { partialAmount } = details
    const at = (field: string) => ['input', 'details', 'refundRequest', 'partialAmount', field]
    if (partialAmount.currency !== amount.currency) {
      return new DetailsMismatchError(at('currency'), `the payment was in ${amount.currency}`)
    }
    return partialAmount.amount > amount.amount ? new DetailsMismatchError(at('amount'), 'the payment was less') : null
  }
  if (details.type !== 'MISSED_INSTALLMENT') return null

  const at = (...fields: readonly string[]) => ['input', 'details', 'missedInstallment', ...fields]
  if (installmentPlan === null) return new DetailsMismatchError(at(), 'the payment has no instalments')
  const { totalInstallments, installmentAmount } = installmentPlan
  if (details.installmentNumber > totalInstallments) {
    return new DetailsMismatchError(at('installmentNumber'), `the payment has ${totalInstallments} instalments`)
  }
  const isSameCurrency = details.amountDue.currency === installmentAmount.currency
  return isSameCurrency
    ? null
    : new DetailsMismatchError(at('amountDue', 'currency'), `the instalments are in ${installmentAmount.currency}`)
}
