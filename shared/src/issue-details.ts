import { ISSUE_TYPES, type IssueDetails, type IssueType, type Money } from './contracts.ts'
import { BadUserInputError } from './errors.ts'

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
 * Checks what the bounds of single fields cannot say.
 * @param path of the details, such as `input.details`.
 * @throws BadUserInputError for an instalment after the last one.
 */
export function checkIssueDetails(path: readonly string[], details: IssueDetails): void {
  if (details.type !== 'MISSED_INSTALLMENT' || details.installmentNumber <= details.totalInstallments) return
  const at = [...path, 'missedInstallment', 'installmentNumber']
  throw new BadUserInputError(at, `must be from 1 to totalInstallments, ${details.totalInstallments}`)
}
