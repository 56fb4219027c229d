import type { IssueDetails, IssueType, Money, Priority } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'

/** What a caller gives for a new issue, after GraphQL has checked its shape. */
export type IssueInput = Readonly<{
  idempotencyKey: string
  customerId: string
  transactionId: string | null
  priority: Priority
  details: IssueDetails
  /** Not there where none was given, so that an input without one has the digest it always had. */
  customerMessage?: string
}>

type Range = readonly [min: number, max: number]
const KEY_LENGTH_MAX = 200
const ID_LENGTH_MAX = 100
const MESSAGE_LENGTH_MAX = 2000
const AMOUNT: Range = [1, 100_000_000]
const DAYS: Range = [0, 3650]
const INSTALLMENTS: Range = [1, 120]
const RETRIES: Range = [0, 100]

/** @throws BadUserInputError naming the first value that is out of range, by its path in the input. */
export function checkIssueInput(input: IssueInput): void {
  const { idempotencyKey, customerId, transactionId, details, customerMessage = '' } = input
  checkText(['idempotencyKey'], idempotencyKey, KEY_LENGTH_MAX)
  checkText(['customerId'], customerId, ID_LENGTH_MAX)
  if (transactionId !== null) checkText(['transactionId'], transactionId, ID_LENGTH_MAX)
  const checkDetails = DETAILS_CHECKS[details.type] as (details: IssueDetails) => void
  checkDetails(details)
  if (customerMessage.length > MESSAGE_LENGTH_MAX) {
    throw new BadUserInputError(['input', 'customerMessage'], `must have at most ${MESSAGE_LENGTH_MAX} characters`)
  }
}

/** The input as it is kept and compared: what it masks, nobody sees again, and a blank message is none. */
export function toKeptInput({ customerMessage = '', ...input }: IssueInput): IssueInput {
  const masked = cutText(maskPersonal(customerMessage).trim(), MESSAGE_LENGTH_MAX)
  return masked === '' ? input : { ...input, customerMessage: masked }
}

type DetailsOf<T extends IssueType> = Extract<IssueDetails, { type: T }>

const DETAILS_CHECKS: { [T in IssueType]: (details: DetailsOf<T>) => void } = {
  DECLINE({ autoRetryCount }) {
    check(['details', 'decline', 'autoRetryCount'], autoRetryCount, RETRIES)
  },
  MISSED_INSTALLMENT({ installmentNumber, totalInstallments, daysOverdue, amountDue }) {
    const at = (name: string) => ['details', 'missedInstallment', name]
    check(at('totalInstallments'), totalInstallments, INSTALLMENTS)
    check(at('installmentNumber'), installmentNumber, [1, totalInstallments])
    check(at('daysOverdue'), daysOverdue, DAYS)
    checkMoney(at('amountDue'), amountDue)
  },
  DISPUTE({ daysSincePurchase }) {
    check(['details', 'dispute', 'daysSincePurchase'], daysSincePurchase, DAYS)
  },
  REFUND_REQUEST({ daysSincePurchase, partialAmount }) {
    check(['details', 'refundRequest', 'daysSincePurchase'], daysSincePurchase, DAYS)
    if (partialAmount !== null) checkMoney(['details', 'refundRequest', 'partialAmount'], partialAmount)
  },
}

function checkMoney(path: readonly string[], { amount }: Money): void {
  check([...path, 'amount'], amount, AMOUNT)
}

function check(path: readonly string[], value: number, [min, max]: Range): void {
  if (value < min || value > max) throw new BadUserInputError(['input', ...path], `must be from ${min} to ${max}`)
}

function checkText(path: readonly string[], value: string, max: number): void {
  if (value.trim() === '' || value.length > max) {
    throw new BadUserInputError(['input', ...path], `must have 1 to ${max} characters`)
  }
}
