import { isApiKey, readApiKeyId } from '@redress/shared/access/api-key.ts'
import { API_KEY_PRINCIPAL, type Principal } from '@redress/shared/access/permissions.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import { LRUCache } from 'lru-cache'
import { type Caller, type CallerSource, scopeOf } from './caller.ts'
import { CheckUnavailableError } from './errors.ts'
import type { ApiKeyFacts, FindApiKey } from './find-api-key.ts'

const KEYS_MAX = 10_000
/** How long a revoked key may still be accepted. */
const FRESH_MS = 5_000
/** How long a key that was good stays good while the record is away. */
const TRUSTED_MS = 60_000
/** How long nobody asks again after the record did not answer: nobody waits in vain. */
const PAUSE_MS = 1_000

type Known = Readonly<{ facts: ApiKeyFacts; caller: Caller; seenAt: number }>
type Options = Readonly<{ findApiKey: FindApiKey; now?: () => number }>

/**
 * Who an `X-API-Key` stands for. Neither the keys nor their secrets are kept here, only what the record says of them:
 * each request is one hash and one comparison.
 */
export function createApiKeyCallers({ findApiKey, now = Date.now }: Options): CallerSource {
  const known = new LRUCache<string, Known>({ max: KEYS_MAX })
  // Apart, so that invented ids do not push out real ones.
  const unknownUntil = new LRUCache<string, number>({ max: KEYS_MAX })

  let awayUntil = 0

  const findFresh = (id: string) => {
    const key = known.get(id)
    return key !== undefined && now() - key.seenAt < FRESH_MS ? key : null
  }
  const keep = (id: string, facts: ApiKeyFacts | null, seenAt: number) => {
    if (facts === null) {
      known.delete(id)
      unknownUntil.set(id, seenAt + FRESH_MS)
      return null
    }
    const key = { facts, caller: known.get(id)?.caller ?? toCaller(id, facts, isStillGood), seenAt }
    known.set(id, key)
    return key
  }
  const ask = createSingleFlight(async (id: string) => {
    const askedAt = now()
    if (awayUntil > askedAt) return trustOrFail(known.get(id), askedAt)
    try {
      return keep(id, await findApiKey(id), askedAt)
    } catch (cause) {
      awayUntil = now() + PAUSE_MS
      return trustOrFail(known.get(id), now(), { cause })
    }
  })
  const findKey = async (id: string) => {
    if ((unknownUntil.get(id) ?? 0) > now()) return null
    return findFresh(id) ?? (await ask(id))
  }
  const isStillGood = (id: string): boolean | Promise<boolean> => {
    const key = findFresh(id)
    if (key) return isLive(key.facts, now())
    return findKey(id).then(
      (found) => found !== null && isLive(found.facts, now()),
      () => false,
    )
  }

  return {
    findKnown(secret) {
      const id = readApiKeyId(secret)
      const key = id === null ? null : findFresh(id)
      return key && isGood(key.facts, secret, now()) ? key.caller : null
    },
    async verify(secret) {
      const id = readApiKeyId(secret)
      const key = id === null ? null : await findKey(id)
      // One sentence for all reasons: whoever tries keys does not learn which of them there are.
      if (key === null || !isGood(key.facts, secret, now())) throw new UnauthenticatedError('The API key is not valid.')
      return key.caller
    },
  }
}

/** @throws CheckUnavailableError unless the key was seen a moment ago. */
function trustOrFail(key: Known | undefined, at: number, options: ErrorOptions = {}): Known {
  if (key === undefined || at - key.seenAt >= TRUSTED_MS) throw new CheckUnavailableError(options)
  return key
}

function isGood(facts: ApiKeyFacts, secret: string, at: number): boolean {
  return isApiKey(secret, facts.hash) && isLive(facts, at)
}

function isLive({ expiresAt, revokedAt }: ApiKeyFacts, at: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > at)
}

function toCaller(id: string, facts: ApiKeyFacts, isStillGood: (id: string) => boolean | Promise<boolean>): Caller {
  const principal: Principal = { id: `${API_KEY_PRINCIPAL}${id}`, roles: facts.roles, customerId: null }
  return {
    principal,
    scope: scopeOf(principal),
    expiresAt: facts.expiresAt?.getTime() ?? null,
    requestsPerMinute: facts.requestsPerMinute,
    isStillValid: () => isStillGood(id),
  }
}
