import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { CheckUnavailableError } from './errors.ts'

const TIMEOUT_MS = 5_000
/** How long keys are cached: a withdrawn key is accepted no longer than this. */
const AGE_MAX_MS = 10 * 60_000
/** Time between reads of the keys because of a token with an unknown key id: the id may be invented. */
const COOLDOWN_MS = 10_000

/** Errors caused by the token: its key id matches no key of the set, or several. */
const REFUSALS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported]

export type RemoteKeysOptions = Readonly<{ timeoutMs?: number; cooldownMs?: number }>

/**
 * The public keys at a JWKS URL, read when first needed. They may be rotated at any time: a new key is read when the first
 * token names it. Keys are never taken from a token (`jwk`, `jku`).
 * The result throws CheckUnavailableError if they cannot be read.
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
