import type { IssueDetails, Priority } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { checkIssueDetails } from '@redress/shared/issue-details.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'

/** The input of a new issue, after GraphQL has checked its shape. */
export type IssueInput = Readonly<{
  idempotencyKey: string
  customerId: string
  transactionId: string | null
  priority: Priority
  details: IssueDetails
  /** Missing if none was given, which keeps the digests of inputs from before the field existed. */
  customerMessage?: string
}>

const KEY_LENGTH_MAX = 200
const ID_LENGTH_MAX = 100
const MESSAGE_LENGTH_MAX = 2000

/** @throws BadUserInputError naming the first value that is out of range, by its path in the input. */
export function checkIssueInput(input: IssueInput): void {
  const { idempotencyKey, customerId, transactionId, details, customerMessage = '' } = input
  checkText(['idempotencyKey'], idempotencyKey, KEY_LENGTH_MAX)
  checkText(['customerId'], customerId, ID_LENGTH_MAX)
  if (transactionId !== null) checkText(['transactionId'], transactionId, ID_LENGTH_MAX)
  checkIssueDetails(['input', 'details'], details)
  if (customerMessage.length > MESSAGE_LENGTH_MAX) {
    throw new BadUserInputError(['input', 'customerMessage'], `must have at most ${MESSAGE_LENGTH_MAX} characters`)
  }
}

/** The input as it is stored and compared: with the message masked, and without a blank message. */
export function toStoredInput({ customerMessage = '', ...input }: IssueInput): IssueInput {
  const masked = cutText(maskPersonal(customerMessage).trim(), MESSAGE_LENGTH_MAX)
  return masked === '' ? input : { ...input, customerMessage: masked }
}

function checkText(path: readonly string[], value: string, max: number): void {
  if (value.trim() === '' || value.length > max) {
    throw new BadUserInputError(['input', ...path], `must have 1 to ${max} characters`)
  }
}
