import type { IssueDetails, Priority } from '@redress/shared/contracts.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'
import type { PaymentCase } from './payment-case.ts'

/** The input of a new issue, after the edge has checked its shape and bounds. */
export type IssueInput = Readonly<{
  idempotencyKey: string
  /** Missing if none was given, as the message below. */
  externalId?: string
  customerId: string
  transactionId: string | null
  priority: Priority
  details: IssueDetails
  /** Missing for all but the cases of payments. */
  paymentCase?: PaymentCase
  /** Missing if none was given, which keeps the digests of inputs from before the field existed. */
  customerMessage?: string
}>

const MESSAGE_LENGTH_MAX = 2000

/** The input as it is stored and compared: with the message masked, and without a blank message. */
export function toStoredInput({ customerMessage = '', ...input }: IssueInput): IssueInput {
  const masked = cutText(maskPersonal(customerMessage).trim(), MESSAGE_LENGTH_MAX)
  return masked === '' ? input : { ...input, customerMessage: masked }
}
