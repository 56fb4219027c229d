import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { CheckUnavailableError } from './errors.ts'

const TIMEOUT_MS = 5_000
/** How old the keys may be. One that its owner withdrew is accepted no longer than this. */
const AGE_MAX_MS = 10 * 60_000
/** A token that names an unknown key has the keys read again, but invented names no more often than this. */
const COOLDOWN_MS = 10_000

/** What the token is to blame for: it names no key of the set, or not clearly one. */
const REFUSALS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported]

export type RemoteKeysOptions = Readonly<{ timeoutMs?: number; cooldownMs?: number }>

/**
 * The public keys at a JWKS URL, read when first needed. They may be rotated at any time: the new key is read when the
 * first token names it. The gateway's keys are never taken from a token (`jwk`, `jku`), only from here.
 * The result throws CheckUnavailableError where they cannot be read.
 */
export function createRemoteKeys(url: string, options: RemoteKeysOptions = {}): JWTVerifyGetKey {
  const { timeoutMs = TIMEOUT_MS, cooldownMs = COOLDOWN_MS } = options
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: AGE_MAX_MS,
  })
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (cause) {
      throw REFUSALS.some((refusal) => cause instanceof refusal) ? cause : new CheckUnavailableError({ cause })
    }
  }
}
