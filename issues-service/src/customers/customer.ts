import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'

/** A customer without personal data, which is read apart and with a permission of its own. */
export type Customer = Readonly<{
  id: string
  tenant: string
  /** The id in the company's own systems; null for customers from before it existed. */
  externalId: string | null
  /** 0 (safe) to 100 (risky). */
  riskScore: number
  /** Grows by one at every change. */
  version: number
  /** When the customer was first known. */
  createdAt: Date
  updatedAt: Date
  /** When the personal data was destroyed; null as long as it is there. */
  erasedAt: Date | null
}>

/** A card or account that a customer pays with. `token` is its name at the payment provider and is never shown. */
export type PaymentMethod = Readonly<{
  id: string
  brand: string
  last4: string
  /** The last month of its use, as `2031-08`; null if it does not expire. */
  expiresAt: string | null
  isBlocked: boolean
  token: string
}>

/** The personal data of a customer. Always stored encrypted. */
export type PersonalData = Readonly<{ email: string; name: string; paymentMethods: readonly PaymentMethod[] }>
export const PERSONAL_FIELDS = ['email', 'name', 'paymentMethods'] as const satisfies readonly (keyof PersonalData)[]
export type PersonalField = (typeof PERSONAL_FIELDS)[number]

/** The score of a customer about whom nothing is known: neither safe nor risky. */
export const RISK_SCORE_UNKNOWN = 50

/** A new state and the event that explains it. They are stored together or not at all. */
export type CustomerChange = Readonly<{ customer: Customer; event: DomainEvent }>

type Opening = Readonly<{
  id: string
  externalId: string
  riskScore: number
  /** When the customer was first known. */
  knownSince: Date
  cause: Cause
  now: Date
}>

/** The event holds no external id: companies use e-mail addresses as ids. */
export function openCustomer({ knownSince, cause, now, ...given }: Opening): CustomerChange {
  const times = { createdAt: knownSince, updatedAt: now, erasedAt: null }
  const customer: Customer = { ...given, ...times, tenant: cause.tenant, version: 1 }
  const changes = asNew({ riskScore: customer.riskScore })
  return { customer, event: newEvent('customer.created', { ...headOf(customer, cause), changes, data: {} }) }
}

type Update = Readonly<{
  /** Unchanged if not given. */
  riskScore?: number
  /** The personal fields that have another value. */
  personal: readonly PersonalField[]
}>

/** The change of a customer; null where nothing is different. The event names changed personal fields without their values. */
export function changeCustomer(
  customer: Customer,
  { riskScore = customer.riskScore, personal }: Update,
  { cause, now }: { cause: Cause; now: Date },
): CustomerChange | null {
  const isScored = riskScore !== customer.riskScore
  if (!isScored && personal.length === 0) return null

  const updatedAt = momentAfter(customer.updatedAt, now)
  const changed = { ...customer, riskScore, version: customer.version + 1, updatedAt }
  const event = newEvent('customer.updated', {
    ...headOf(changed, cause),
    changes: isScored ? { riskScore: { before: customer.riskScore, after: riskScore } } : {},
    data: { fields: [...(isScored ? ['riskScore'] : []), ...personal] },
  })
  return { customer: changed, event }
}

type Request = Readonly<{ reason: string; cause: Cause; now: Date }>

/** The customer without anything personal. The score is personal, too: it says how they have behaved. */
export function eraseCustomer(customer: Customer, { reason, cause, now }: Request): CustomerChange {
  const at = momentAfter(customer.updatedAt, now)
  const version = customer.version + 1
  const erased = { ...customer, externalId: null, riskScore: RISK_SCORE_UNKNOWN, version, updatedAt: at, erasedAt: at }
  const changes = asNew({ reason, erasedAt: at.toISOString() })
  return {
    customer: erased,
    event: newEvent('customer.erasure_requested', { ...headOf(erased, cause), changes, data: {} }),
  }
}

function headOf({ id, version, updatedAt: at }: Customer, cause: Cause) {
  return { id: `${id}-${version}`, at, cause, entity: { type: 'Customer', id } } as const
}

export type PaymentMethodStatus = 'ACTIVE' | 'BLOCKED' | 'EXPIRED'

/** Blocked comes first: a card that is replaced stays blocked for good. */
export function statusOfMethod({ isBlocked, expiresAt }: PaymentMethod, now: Date): PaymentMethodStatus {
  if (isBlocked) return 'BLOCKED'
  return expiresAt !== null && expiresAt < now.toISOString().slice(0, 'yyyy-mm'.length) ? 'EXPIRED' : 'ACTIVE'
}
