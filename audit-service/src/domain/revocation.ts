import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'

/** Tokens that are refused although they have not expired: one, by its claim `jti`, or all of a subject so far. */
export type Revocation = Readonly<{
  id: string
  jti: string | null
  subject: string | null
  /** Tokens issued up to this moment are refused. */
  revokedAt: Date
  revokedBy: string
  /** Counts the revocations of one subject. */
  version: number
}>

export type RevocationTarget = Readonly<{ jti: string } | { subject: string }>

/** A new state and the event that explains it. They are stored together or not at all. */
export type RevocationChange = Readonly<{ revocation: Revocation; event: DomainEvent }>

export const revocationIdOf = (target: RevocationTarget) =>
  'jti' in target ? `jti:${target.jti}` : `sub:${target.subject}`

/** Revokes tokens. Null if the one token is revoked already; a subject may have got new ones. */
export function revokeTokens(
  before: Revocation | null,
  target: RevocationTarget,
  { cause, now }: Readonly<{ cause: Cause; now: Date }>,
): RevocationChange | null {
  if (before !== null && 'jti' in target) return null
  const version = (before?.version ?? 0) + 1
  const revokedAt = momentAfter(before?.revokedAt ?? null, now)
  const named = { jti: null, subject: null, ...target }
  const revocation: Revocation = { id: revocationIdOf(target), ...named, revokedAt, revokedBy: cause.actor, version }
  const { id } = revocation
  const event = newEvent('token.revoked', {
    ...{ id: `${id}-${version}`, at: revokedAt, cause, entity: { type: 'Token', id }, data: {} },
    changes: { revokedAt: { before: before?.revokedAt.toISOString() ?? null, after: revokedAt.toISOString() } },
  })
  return { revocation, event }
}
