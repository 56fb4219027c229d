import type { IssueDetails, Money, Priority } from '@redress/shared/contracts.ts'
import { type DetailsArgument, toIssueDetails } from '@redress/shared/issue-details.ts'
import type { IssueInput } from '../domain/issue-input.ts'

export type CreateIssueArgument = Readonly<{
  idempotencyKey: string
  externalId?: string | null
  customerId: string
  transactionId?: string | null
  priority?: Priority | null
  details: DetailsArgument
  customerMessage?: string | null
}>

export function toIssueInput({ externalId, customerMessage, ...argument }: CreateIssueArgument): IssueInput {
  const { details, transactionId, priority, ...rest } = argument
  return {
    ...rest,
    priority: priority ?? 'NORMAL',
    transactionId: transactionId ?? null,
    details: toIssueDetails(details),
    ...(externalId != null && { externalId }),
    ...(customerMessage != null && { customerMessage }),
  }
}

export type PaymentCaseArgument = Readonly<{
  paymentId: string
  customerId: string
  payeeId: string
  amount: Money
  priority: Priority
  errorCode: Extract<IssueDetails, { type: 'DECLINE' }>['errorCode']
}>

export function toPaymentCase(argument: PaymentCaseArgument): IssueInput {
  const { paymentId, payeeId, amount, customerId, priority, errorCode } = argument
  const paymentCase = { decisionId: paymentId, payeeId, amount }
  const details = { type: 'DECLINE', errorCode, autoRetryCount: 0 } as const
  return { idempotencyKey: `payment-${paymentId}`, customerId, transactionId: null, priority, details, paymentCase }
}
