import type { IssueDetails, Money, Priority } from '@redress/shared/contracts.ts'
import { type Cause, tracedBy } from '@redress/shared/events/envelope.ts'
import type { RequestContext } from '@redress/shared/subgraph.ts'
import type { IssueInput } from '../domain/issue-input.ts'

type Without<T> = Omit<T, 'type'>
type Of<T extends IssueDetails['type']> = Without<Extract<IssueDetails, { type: T }>>

/** As GraphQL gives it: exactly one field is set. */
type DetailsArgument = Readonly<{
  decline?: Of<'DECLINE'>
  missedInstallment?: Of<'MISSED_INSTALLMENT'>
  dispute?: Of<'DISPUTE'>
  refundRequest?: Omit<Of<'REFUND_REQUEST'>, 'partialAmount'> & { partialAmount?: Money | null }
}>

export type CreateIssueArgument = Readonly<{
  idempotencyKey: string
  customerId: string
  transactionId?: string | null
  priority?: Priority | null
  details: DetailsArgument
  customerMessage?: string | null
}>

export function toIssueInput({ customerMessage, ...argument }: CreateIssueArgument): IssueInput {
  const { details, transactionId, priority, ...rest } = argument
  return {
    ...rest,
    priority: priority ?? 'NORMAL',
    transactionId: transactionId ?? null,
    details: toDetails(details),
    ...(customerMessage != null && { customerMessage }),
  }
}

function toDetails({ decline, missedInstallment, dispute, refundRequest }: DetailsArgument): IssueDetails {
  if (decline) return { type: 'DECLINE', ...decline }
  if (missedInstallment) return { type: 'MISSED_INSTALLMENT', ...missedInstallment }
  if (dispute) return { type: 'DISPUTE', ...dispute }
  const { partialAmount = null, ...rest } = refundRequest!
  return { type: 'REFUND_REQUEST', ...rest, partialAmount }
}

export function causeOf({ principal, requestId, clientIp, trace }: RequestContext<unknown>): Cause {
  return { actor: principal.id, requestId, ip: clientIp, ...tracedBy(trace) }
}
