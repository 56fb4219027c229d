import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'

/** A caller with verified credentials. The same object for the same credentials, as long as it is cached. */
export type Caller = Readonly<{
  principal: Principal
  /** Equal for callers that get the same answers. */
  scope: string
  /** When the credentials expire, in ms since 1970; null if they do not. */
  expiresAt: number | null
  /** A rate limit of its own; null for the default. */
  requestsPerMinute: number | null
  /** Whether the credentials would be accepted now. Never rejects: false if they cannot be checked. */
  isStillValid(): boolean | Promise<boolean>
}>

/** Finds the callers of one kind of credentials. */
export type CallerSource = Readonly<{
  /** The caller, if the credential was verified before and is still valid; null says nothing about it. */
  findKnown(credential: string): Caller | null
  /** @throws UnauthenticatedError, TokenExpiredError, CheckUnavailableError */
  verify(credential: string): Promise<Caller>
}>

/** Names a caller among those of all tenants: two of them may have the same id. */
export function callerNameOf({ tenant, id }: Principal): string {
  return `${tenant}:${id}`
}

/**
 * Callers of one tenant with the same roles and customer get the same answers. Not so those who see only the jobs that they have added;
 * nor those with access to personal data, which is audited by name: each of them has a scope of its own.
 */
export function scopeOf(principal: Principal): string {
  const seesOwnJobs = reachOf(principal, 'job:read') !== 'none' && reachOf(principal, 'job:read_all') === 'none'
  const isNamed = seesOwnJobs || reachOf(principal, 'customer:read_pii') !== 'none'
  const { tenant, roles, customerId, id } = principal
  return JSON.stringify([tenant, [...roles].sort(), customerId, isNamed ? id : null])
}
