import { ACTORS } from '@redress/shared/access/actors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, causeOfService, type DomainEvent } from '@redress/shared/events/envelope.ts'

/** Each reason for which gateways refuse requests, and the act that it is recorded as. */
const ACT_OF_REASON = {
  INVALID_CREDENTIALS: 'login.failed',
  TOKEN_EXPIRED: 'login.failed',
  TOKEN_LIFETIME: 'login.failed',
  TOKEN_REVOKED: 'login.failed',
  BAN: 'address.banned',
  ADDRESS_BANNED: 'access.limited',
  ADDRESS_LIMITED: 'access.limited',
  CALLER_LIMITED: 'access.limited',
  FORBIDDEN: 'access.denied',
} as const

export type RefusalReason = keyof typeof ACT_OF_REASON

/** Requests that a gateway refused within a minute, for one reason, of one caller or network. */
export type Refusals = Readonly<{
  reason: RefusalReason
  callerId?: string | null
  /** Masked by the gateway: entries are never removed, so they hold no whole address of a stranger. */
  network?: string | null
  permission?: string | null
  count: number
  firstAt: Date
  lastAt: Date
}>

/** Stands for several networks, or one that is not known. */
const ANY_NETWORK = '*'

/** @param id unique, and the same for a repeat. */
export function toRefusalEvent(refusals: Refusals, id: string): DomainEvent {
  const { reason, callerId, network, permission, count, firstAt, lastAt } = refusals
  return newEvent(ACT_OF_REASON[reason], {
    id,
    at: lastAt,
    cause: { ...causeOfService(callerId ?? ACTORS.gateway), ip: network ?? null },
    entity: callerId ? { type: 'Caller', id: callerId } : { type: 'Network', id: network ?? ANY_NETWORK },
    changes: asNew({ reason, ...(permission && { permission }), count, firstAt: firstAt.toISOString() }),
    data: {},
  })
}
