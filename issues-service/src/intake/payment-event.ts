import type { IssueDetails, Money } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { DAY_MS } from '@redress/shared/time.ts'

type DetailsOf<T extends IssueDetails['type']> = Extract<IssueDetails, { type: T }>

export type PaymentEventType =
  | 'PAYMENT_AUTHORIZED'
  | 'PAYMENT_CAPTURED'
  | 'PAYMENT_DECLINED'
  | 'PAYMENT_REFUNDED'
  | 'INSTALLMENT_MISSED'
  | 'CHARGEBACK_OPENED'
  | 'CHARGEBACK_WON'
  | 'CHARGEBACK_LOST'

/** An event of a payment, as the company or its payment provider reports it. Null: not given. */
export type PaymentEvent = Readonly<{
  /** The id in the sender's system. */
  eventId: string
  type: PaymentEventType
  occurredAt: Date
  paymentExternalId: string
  /** Its meaning depends on the type: see `PaymentEventInput.amount`. */
  amount: Money | null
  declineCode: DetailsOf<'DECLINE'>['errorCode'] | null
  autoRetryCount: number | null
  installmentNumber: number | null
  disputeReason: DetailsOf<'DISPUTE'>['reason'] | null
}>

/** A payment, by its id in the systems of its tenant. */
export type PaymentName = Readonly<{ tenant: string; externalId: string }>

export const paymentOf = ({ event, cause }: Pick<ReceivedEvent, 'event' | 'cause'>): PaymentName => ({
  tenant: cause.tenant,
  externalId: event.paymentExternalId,
})

/** An accepted event. It belongs to the tenant of its cause. */
export type ReceivedEvent = Readonly<{
  /** Later ones have greater ids, within one process. */
  id: string
  event: PaymentEvent
  /** A keyed digest of the event, which tells a repeat from another event with the same id. */
  digest: string
  cause: Cause
  receivedAt: Date
}>

/** An accepted event that is to be applied. */
export type WaitingEvent = Omit<ReceivedEvent, 'digest'> &
  Readonly<{
    /** Attempts that have failed. */
    attempts: number
    nextAttemptAt: Date
  }>

/** Why an attempt failed. */
export type Failure = Readonly<{ code: string; message: string }>

/** How long an event that was applied, or discarded, is known as a duplicate. */
const KNOWN_DAYS = 90
export const knownUntil = (at: Date): Date => new Date(at.getTime() + KNOWN_DAYS * DAY_MS)
