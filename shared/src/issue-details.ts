import { ISSUE_TYPES, type IssueDetails, type IssueType, type Money } from './contracts.ts'
import { BadUserInputError } from './errors.ts'

/** The place of a value in the arguments of the caller, from the name of the argument. */
type ArgumentPath = readonly string[]
export type Range = readonly [min: number, max: number]

const AMOUNT: Range = [1, 100_000_000]
const DAYS: Range = [0, 3650]
const INSTALLMENTS: Range = [1, 120]
const RETRIES: Range = [0, 100]

type DetailsOf<T extends IssueType> = Extract<IssueDetails, { type: T }>
type Of<T extends IssueType> = Omit<DetailsOf<T>, 'type'>

/** `IssueDetailsInput` as GraphQL gives it: exactly one field is set. */
export type DetailsArgument = Readonly<{
  decline?: Of<'DECLINE'>
  missedInstallment?: Of<'MISSED_INSTALLMENT'>
  dispute?: Of<'DISPUTE'>
  refundRequest?: Omit<Of<'REFUND_REQUEST'>, 'partialAmount'> & { partialAmount?: Money | null }
}>
type Field = keyof DetailsArgument

/** The field of the argument that stands for each type. A type without one does not compile. */
const FIELD_OF_TYPE = {
  DECLINE: 'decline',
  MISSED_INSTALLMENT: 'missedInstallment',
  DISPUTE: 'dispute',
  REFUND_REQUEST: 'refundRequest',
} as const satisfies Readonly<Record<IssueType, Field>>

type GivenOf<T extends IssueType> = NonNullable<DetailsArgument[(typeof FIELD_OF_TYPE)[T]]>

const TO_DETAILS: { [T in IssueType]: (given: GivenOf<T>) => DetailsOf<T> } = {
  DECLINE: (given) => ({ type: 'DECLINE', ...given }),
  MISSED_INSTALLMENT: (given) => ({ type: 'MISSED_INSTALLMENT', ...given }),
  DISPUTE: (given) => ({ type: 'DISPUTE', ...given }),
  REFUND_REQUEST: ({ partialAmount = null, ...rest }) => ({ type: 'REFUND_REQUEST', ...rest, partialAmount }),
}

export function toIssueDetails(argument: DetailsArgument): IssueDetails {
  const type = ISSUE_TYPES.find((one) => argument[FIELD_OF_TYPE[one]] != null)
  if (type === undefined) throw new BadUserInputError(['details'], 'must have exactly one field')
  const toDetails = TO_DETAILS[type] as (given: unknown) => IssueDetails
  return toDetails(argument[FIELD_OF_TYPE[type]])
}

/**
 * @param path of the details, such as `input.details`.
 * @throws BadUserInputError naming the first value that is out of range.
 */
export function checkIssueDetails(path: ArgumentPath, details: IssueDetails): void {
  const checkDetails = DETAILS_CHECKS[details.type] as (path: ArgumentPath, details: IssueDetails) => void
  checkDetails(path, details)
}

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

/** @throws BadUserInputError for an amount outside 1 to 100,000,000. */
export function checkMoney(path: ArgumentPath, { amount }: Money): void {
  checkRange([...path, 'amount'], amount, AMOUNT)
}

/** @throws BadUserInputError for a value outside of the range, both ends included. */
export function checkRange(path: ArgumentPath, value: number, [min, max]: Range): void {
  if (value < min || value > max) throw new BadUserInputError(path, `must be from ${min} to ${max}`)
}
