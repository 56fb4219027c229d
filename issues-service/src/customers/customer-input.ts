import { hasNetworkCard, hasWrittenCard } from '@redress/shared/card-number.ts'
import type { InputProblem } from '@redress/shared/errors.ts'
import type { PaymentMethod } from './customer.ts'

export type PaymentMethodInput = Omit<PaymentMethod, 'id'>

/** The input of a new customer, after the edge has checked its shape and bounds. */
export type CustomerInput = Readonly<{
  externalId: string
  email: string
  name: string
  riskScore: number
  /** Null: from now on. */
  knownSince: Date | null
  paymentMethods: readonly PaymentMethodInput[]
}>

/** The longest address that can be delivered to (RFC 3696, erratum 1690). */
const EMAIL_LENGTH_MAX = 254
const EXPIRY = /^\d{4}-(?:0[1-9]|1[0-2])$/
const LAST_FOUR = /^\d{4}$/
/** Clocks differ: a moment this far ahead is not refused. */
const SKEW_MS = 60_000
const CARD = 'must not have a card number'

type Checked = Readonly<Partial<Omit<CustomerInput, 'riskScore'>>>

/** The problems that the schema cannot name: card numbers, expiry dates, moments in the future, equal tokens. */
export function findCustomerProblems(input: Checked, now: Date): readonly InputProblem[] {
  const { externalId = '', email = '', name = '', knownSince = null, paymentMethods = [] } = input
  return [
    ...findCardInIdentifier(['input', 'externalId'], externalId),
    ...(email.length > EMAIL_LENGTH_MAX
      ? [{ path: ['input', 'email'], message: `must have 3 to ${EMAIL_LENGTH_MAX} characters` }]
      : findCardInIdentifier(['input', 'email'], email)),
    ...findCardProblem(['input', 'name'], name),
    ...findMomentProblem(['input', 'knownSince'], knownSince, now),
    ...paymentMethods.flatMap((method, index) => findMethodProblems(method, index, paymentMethods)),
  ]
}

function findMethodProblems(
  { brand, last4, expiresAt, token }: PaymentMethodInput,
  index: number,
  all: readonly PaymentMethodInput[],
): readonly InputProblem[] {
  const path = ['input', 'paymentMethods', String(index)]
  const isRepeated = all.findIndex((other) => other.token === token) < index
  return [
    ...findCardProblem([...path, 'brand'], brand),
    ...(LAST_FOUR.test(last4) ? [] : [{ path: [...path, 'last4'], message: 'must be four digits' }]),
    ...(expiresAt === null || EXPIRY.test(expiresAt)
      ? []
      : [{ path: [...path, 'expiresAt'], message: 'must be a month, as 2031-08' }]),
    ...findCardProblem([...path, 'token'], token),
    ...(isRepeated
      ? [{ path: [...path, 'token'], message: 'must differ from those of the other payment methods' }]
      : []),
  ]
}

/** A card number among other text. */
export function findCardProblem(path: readonly string[], text: string): readonly InputProblem[] {
  return hasWrittenCard(text) ? [{ path, message: CARD }] : []
}

/** A card number within the text of a system, such as an id. */
export function findCardInIdentifier(path: readonly string[], text: string): readonly InputProblem[] {
  return hasNetworkCard(text) ? [{ path, message: CARD }] : []
}

/** A moment that must have passed. */
export function findMomentProblem(path: readonly string[], moment: Date | null, now: Date): readonly InputProblem[] {
  const isAhead = moment !== null && moment.getTime() > now.getTime() + SKEW_MS
  return isAhead ? [{ path, message: 'must not be in the future' }] : []
}
