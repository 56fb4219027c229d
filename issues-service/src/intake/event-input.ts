import type { InputProblem } from '@redress/shared/errors.ts'
import { findCardInIdentifier, findMomentProblem } from '../customers/customer-input.ts'
import type { PaymentEvent, PaymentEventType } from './payment-event.ts'

type Detail = 'declineCode' | 'autoRetryCount' | 'installmentNumber' | 'disputeReason'

/** The details that an event of a type may have, and whether it must. All types may have an amount. */
const DETAILS: Readonly<Record<PaymentEventType, Readonly<Partial<Record<Detail, 'optional' | 'required'>>>>> = {
  PAYMENT_AUTHORIZED: {},
  PAYMENT_CAPTURED: {},
  PAYMENT_DECLINED: { declineCode: 'optional', autoRetryCount: 'optional' },
  PAYMENT_REFUNDED: {},
  INSTALLMENT_MISSED: { installmentNumber: 'required' },
  CHARGEBACK_OPENED: { disputeReason: 'required' },
  CHARGEBACK_WON: {},
  CHARGEBACK_LOST: {},
}
const DETAIL_NAMES = ['declineCode', 'autoRetryCount', 'installmentNumber', 'disputeReason'] as const

/** The problems that the schema cannot name: card numbers, moments in the future, details that do not fit the type. */
export function findEventProblems(event: PaymentEvent, now: Date): readonly InputProblem[] {
  return [
    ...findCardInIdentifier(['input', 'id'], event.eventId),
    ...findMomentProblem(['input', 'occurredAt'], event.occurredAt, now),
    ...findCardInIdentifier(['input', 'paymentExternalId'], event.paymentExternalId),
    ...DETAIL_NAMES.flatMap((name) => findDetailProblem(name, event)),
  ]
}

function findDetailProblem(name: Detail, event: PaymentEvent): readonly InputProblem[] {
  const allowed = DETAILS[event.type][name]
  const isGiven = event[name] !== null
  const path = ['input', name]
  if (isGiven && allowed === undefined) return [{ path, message: `is not for an event ${event.type}` }]
  return !isGiven && allowed === 'required' ? [{ path, message: `must be given for an event ${event.type}` }] : []
}
