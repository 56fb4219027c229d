import { hashOfApiKey } from '@redress/shared/access/api-key.ts'
import { hasRole, type Principal, type Role } from '@redress/shared/access/permissions.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { RoleNotGrantableError } from './errors.ts'

/** The key of a program, presented in place of a token. Only the hash of the secret is stored. */
export type ApiKey = Readonly<{
  id: string
  name: string
  roles: readonly Role[]
  /** Null for the default limit of the gateway. */
  requestsPerMinute: number | null
  hash: string
  /** Of its creator: it is the key of a caller in this tenant. */
  tenant: string
  createdBy: string
  createdAt: Date
  /** Null for a key that is valid until it is revoked. */
  expiresAt: Date | null
  revokedAt: Date | null
}>

/** A new state and the event that explains it. They are stored together or not at all. */
export type KeyChange = Readonly<{ key: ApiKey; event: DomainEvent }>

/** The properties of a key to be created. */
export type KeyRequest = Readonly<{
  name: string
  roles: readonly Role[]
  expiresAt?: Date | null
  requestsPerMinute?: number | null
}>

export type Secret = Readonly<{ id: string; secret: string }>

/**
 * `admin`: a key that could create keys would outlive its own revocation. `customer`: a key stands for a program, which
 * owns no data.
 */
const NOT_FOR_KEYS: readonly Role[] = ['admin', 'customer']

type Creation = Readonly<{ secret: Secret; granter: Principal; cause: Cause; now: Date }>

/** @throws BadUserInputError, RoleNotGrantableError */
export function createKey(request: KeyRequest, { secret: { id, secret }, granter, cause, now }: Creation): KeyChange {
  const { name, expiresAt = null, requestsPerMinute = null } = request
  const roles = [...new Set(request.roles)]
  if (expiresAt !== null && expiresAt <= now)
    throw new BadUserInputError(['input', 'expiresAt'], 'must be in the future')
  const refused = roles.filter((role) => !mayGrant(granter, role))
  if (refused.length > 0) throw new RoleNotGrantableError(refused)

  const granted = { name: maskPersonal(name.trim()), roles, requestsPerMinute }
  const life = { tenant: cause.tenant, createdBy: granter.id, createdAt: now, expiresAt, revokedAt: null }
  const key: ApiKey = { id, hash: hashOfApiKey(secret), ...granted, ...life }
  const made = { ...granted, expiresAt: expiresAt?.toISOString() ?? null }
  return {
    key,
    event: newEvent('api_key.created', { ...headOf(key, { version: 1, at: now, cause }), changes: asNew(made) }),
  }
}

/** Revokes a key that is not revoked. */
export function revokeKey(key: ApiKey, { cause, now }: Readonly<{ cause: Cause; now: Date }>): KeyChange {
  const revokedAt = momentAfter(key.createdAt, now)
  const changes = { revokedAt: { before: null, after: revokedAt.toISOString() } }
  const event = newEvent('api_key.revoked', { ...headOf(key, { version: 2, at: revokedAt, cause }), changes })
  return { key: { ...key, revokedAt }, event }
}

/** An admin can grant every role that is allowed for keys; other callers only their own. */
function mayGrant(granter: Principal, role: Role): boolean {
  return !NOT_FOR_KEYS.includes(role) && (hasRole(granter, 'admin') || hasRole(granter, role))
}

type Act = Readonly<{ version: 1 | 2; at: Date; cause: Cause }>

/** A key is created once and revoked once; each event has a derived id. */
function headOf({ id }: ApiKey, { version, at, cause }: Act) {
  return { id: `${id}-${version}`, at, cause, entity: { type: 'ApiKey', id }, data: {} } as const
}
