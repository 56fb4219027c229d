import { VALIDITY_FRESH_MS, VALIDITY_TIMEOUT_MS } from '../limits.ts'
import type { Caller } from '../prepared-subscription.ts'

type Known = { askedAtMs: number; isRevoked: boolean; asking: Promise<void> | null }

export type Validity = Readonly<{
  /** What is known now: neither expired nor revoked. */
  isValid: (caller: Caller) => boolean
  /** Asks whether the caller was revoked, where the last answer is older than `freshMs`; null where it is not. */
  renew: (caller: Caller, freshMs?: number) => Promise<void> | null
}>

/**
 * Whether callers may still be told anything. Where nobody can tell whether one was revoked, what was known last holds:
 * a store that is away must not cut everybody off. Expiry needs nobody.
 */
export function createValidity(now: () => number): Validity {
  const known = new WeakMap<Caller, Known>()

  const knownOf = (caller: Caller): Known => {
    const found = known.get(caller)
    if (found) return found
    const fresh: Known = { askedAtMs: Number.NEGATIVE_INFINITY, isRevoked: false, asking: null }
    known.set(caller, fresh)
    return fresh
  }

  const ask = async (caller: Caller, about: Known) => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(!about.isRevoked), VALIDITY_TIMEOUT_MS)
    const told = (async () => caller.isStillValid())().catch(() => !about.isRevoked)
    about.isRevoked = !(await Promise.race([told, promise]))
    clearTimeout(timer)
    about.askedAtMs = now()
    about.asking = null
  }

  return {
    isValid: (caller) => (caller.expiresAt === null || now() < caller.expiresAt) && !knownOf(caller).isRevoked,
    renew(caller, freshMs = VALIDITY_FRESH_MS) {
      const about = knownOf(caller)
      if (about.asking !== null) return about.asking
      if (about.isRevoked || now() - about.askedAtMs < freshMs) return null
      about.asking = ask(caller, about)
      return about.asking
    },
  }
}
