import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'

/** Somebody whose credentials were found good. The same object for the same credentials, for as long as it is kept. */
export type Caller = Readonly<{
  principal: Principal
  /** Equal for callers whose answers are the same. */
  scope: string
  /** From when on they are refused, in ms since 1970; null where there is no such moment. */
  expiresAt: number | null
  /** A quota of their own; null where the default holds. */
  requestsPerMinute: number | null
  /** Whether the credentials would be accepted now. Never rejects: what cannot be checked is not valid. */
  isStillValid(): boolean | Promise<boolean>
}>

/** One kind of credentials: who presents them. */
export type CallerSource = Readonly<{
  /** Who it is, where that was verified before and still holds; null says nothing either way. */
  findKnown(credential: string): Caller | null
  /** @throws UnauthenticatedError, TokenExpiredError, CheckUnavailableError */
  verify(credential: string): Promise<Caller>
}>

/**
 * Callers with the same roles and the same customer are answered the same; but who may see personal data is on record
 * with each look, by name, so nobody else's answer serves them.
 */
export function scopeOf(principal: Principal): string {
  const isNamed = reachOf(principal, 'customer:read_pii') !== 'none'
  return JSON.stringify([[...principal.roles].sort(), principal.customerId, isNamed ? principal.id : null])
}
