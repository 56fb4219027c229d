import type { IssueDetails, IssueType, Money } from './contracts.ts'
import { BadUserInputError } from './errors.ts'

/** Where a value stands in what the caller gave, from the name of the argument. */
type ArgumentPath = readonly string[]
export type Range = readonly [min: number, max: number]

const AMOUNT: Range = [1, 100_000_000]
const DAYS: Range = [0, 3650]
const INSTALLMENTS: Range = [1, 120]
const RETRIES: Range = [0, 100]

type Without<T> = Omit<T, 'type'>
type Of<T extends IssueType> = Without<Extract<IssueDetails, { type: T }>>

/** `IssueDetailsInput` as GraphQL gives it: exactly one field is set. */
export type DetailsArgument = Readonly<{
  decline?: Of<'DECLINE'>
  missedInstallment?: Of<'MISSED_INSTALLMENT'>
  dispute?: Of<'DISPUTE'>
  refundRequest?: Omit<Of<'REFUND_REQUEST'>, 'partialAmount'> & { partialAmount?: Money | null }
}>

export function toIssueDetails({ decline, missedInstallment, dispute, refundRequest }: DetailsArgument): IssueDetails {
  if (decline) return { type: 'DECLINE', ...decline }
  if (missedInstallment) return { type: 'MISSED_INSTALLMENT', ...missedInstallment }
  if (dispute) return { type: 'DISPUTE', ...dispute }
  const { partialAmount = null, ...rest } = refundRequest!
  return { type: 'REFUND_REQUEST', ...rest, partialAmount }
}

/**
 * @param path where the details stand, such as `input.details`.
 * @throws BadUserInputError naming the first value that is out of range.
 */
export function checkIssueDetails(path: ArgumentPath, details: IssueDetails): void {
  const checkDetails = DETAILS_CHECKS[details.type] as (path: ArgumentPath, details: IssueDetails) => void
  checkDetails(path, details)
}

type DetailsOf<T extends IssueType> = Extract<IssueDetails, { type: T }>

const DETAILS_CHECKS: { [T in IssueType]: (path: ArgumentPath, details: DetailsOf<T>) => void } = {
  DECLINE(path, { autoRetryCount }) {
    checkRange([...path, 'decline', 'autoRetryCount'], autoRetryCount, RETRIES)
  },
  MISSED_INSTALLMENT(path, { installmentNumber, totalInstallments, daysOverdue, amountDue }) {
    const at = (name: string) => [...path, 'missedInstallment', name]
    checkRange(at('totalInstallments'), totalInstallments, INSTALLMENTS)
    checkRange(at('installmentNumber'), installmentNumber, [1, totalInstallments])
    checkRange(at('daysOverdue'), daysOverdue, DAYS)
    checkMoney(at('amountDue'), amountDue)
  },
  DISPUTE(path, { daysSincePurchase }) {
    checkRange([...path, 'dispute', 'daysSincePurchase'], daysSincePurchase, DAYS)
  },
  REFUND_REQUEST(path, { daysSincePurchase, partialAmount }) {
    checkRange([...path, 'refundRequest', 'daysSincePurchase'], daysSincePurchase, DAYS)
    if (partialAmount !== null) checkMoney([...path, 'refundRequest', 'partialAmount'], partialAmount)
  },
}

/** @throws BadUserInputError for an amount that no payment has. */
export function checkMoney(path: ArgumentPath, { amount }: Money): void {
  checkRange([...path, 'amount'], amount, AMOUNT)
}

/** @throws BadUserInputError for a value outside of the range, both ends included. */
export function checkRange(path: ArgumentPath, value: number, [min, max]: Range): void {
  if (value < min || value > max) throw new BadUserInputError(path, `must be from ${min} to ${max}`)
}
