import { within } from '@redress/shared/resilience/deadline.ts'
import type { Caller } from '../../access/caller.ts'
import { VALIDITY_FRESH_MS, VALIDITY_TIMEOUT_MS } from '../limits.ts'

type Known = { checkedAtMs: number; isRevoked: boolean; checking: Promise<void> | null }

export type Validity = Readonly<{
  /** Whether the caller, as last known, is neither expired nor revoked. */
  isValid: (caller: Caller) => boolean
  /** Checks whether the caller was revoked; null if the last check is at most `freshMs` old. */
  renew: (caller: Caller, freshMs?: number) => Promise<void> | null
}>

/**
 * Whether the credentials of callers are still valid. If a check fails, the last known answer counts: an unavailable
 * store must not end all subscriptions. Expiry is known without a check.
 */
export function createValidity(now: () => number): Validity {
  const known = new WeakMap<Caller, Known>()

  const knownOf = (caller: Caller): Known => {
    const found = known.get(caller)
    if (found) return found
    const fresh: Known = { checkedAtMs: Number.NEGATIVE_INFINITY, isRevoked: false, checking: null }
    known.set(caller, fresh)
    return fresh
  }

  const check = async (caller: Caller, state: Known) => {
    const checked = (async () => caller.isStillValid())()
    state.isRevoked = await within(VALIDITY_TIMEOUT_MS, checked).then(
      (isValid) => !isValid,
      () => state.isRevoked,
    )
    state.checkedAtMs = now()
    state.checking = null
  }

  return {
    isValid: (caller) => (caller.expiresAt === null || now() < caller.expiresAt) && !knownOf(caller).isRevoked,
    renew(caller, freshMs = VALIDITY_FRESH_MS) {
      const state = knownOf(caller)
      if (state.checking !== null) return state.checking
      if (state.isRevoked || now() - state.checkedAtMs < freshMs) return null
      state.checking = check(caller, state)
      return state.checking
    },
  }
}
