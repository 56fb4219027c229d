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
/** How long a key that was valid stays valid while the audit service is unavailable. */
const TRUSTED_MS = 60_000
/** Pause before the audit service is asked again after a failure, so that requests do not wait for it in vain. */
const PAUSE_MS = 1_000

type Known = Readonly<{ facts: ApiKeyFacts; caller: Caller; seenAt: number }>
type Options = Readonly<{ findApiKey: FindApiKey; now?: () => number }>

/**
 * Finds the caller of an `X-API-Key`. Neither keys nor their secrets are kept here, only the facts that the audit service
 * has of them: each request costs one hash and one comparison.
 */
export function createApiKeyCallers({ findApiKey, now = Date.now }: Options): CallerSource {
  const keys = createKnownKeys({ findApiKey, now })

  return {
    findKnown(secret) {
      const id = readApiKeyId(secret)
      const key = id === null ? null : keys.findFresh(id)
      return key && isGood(key.facts, secret, now()) ? key.caller : null
    },
    async verify(secret) {
      const id = readApiKeyId(secret)
      const key = id === null ? null : await keys.find(id)
      // One message for all reasons, so that guessing does not reveal which keys exist.
      if (key === null || !isGood(key.facts, secret, now())) throw new UnauthenticatedError('The API key is not valid.')
      return key.caller
    },
  }
}

type KnownKeys = Readonly<{
  /** Null says nothing about the key. */
  findFresh: (id: string) => Known | null
  /** Null if there is no such key. Rejects with CheckUnavailableError. */
  find: (id: string) => Promise<Known | null>
}>

/** Asks the audit service for keys, once for concurrent requests, and remembers what it answers. */
function createKnownKeys({ findApiKey, now }: Required<Options>): KnownKeys {
  const known = new LRUCache<string, Known>({ max: KEYS_MAX })
  const unknown = createUnknownIds(now)
  let awayUntil = 0

  const keep = (id: string, facts: ApiKeyFacts | null, seenAt: number) => {
    if (facts === null) {
      known.delete(id)
      unknown.add(id, seenAt)
      return null
    }
    const key = {
      facts,
      caller: known.get(id)?.caller ?? toCaller(id, facts, () => isStillGood(keys, id, now)),
      seenAt,
    }
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
  const keys: KnownKeys = {
    findFresh(id) {
      const key = known.get(id)
      return key !== undefined && now() - key.seenAt < FRESH_MS ? key : null
    },
    find: async (id) => (unknown.has(id) ? null : (keys.findFresh(id) ?? (await ask(id)))),
  }
  return keys
}

/** Ids that recently had no key. Apart from the keys, so that invented ids do not evict real ones. */
function createUnknownIds(now: () => number) {
  const unknownUntil = new LRUCache<string, number>({ max: KEYS_MAX })
  return {
    has: (id: string) => (unknownUntil.get(id) ?? 0) > now(),
    add: (id: string, seenAt: number) => void unknownUntil.set(id, seenAt + FRESH_MS),
  }
}

/** Never rejects: a key that cannot be checked is not valid. */
function isStillGood({ findFresh, find }: KnownKeys, id: string, now: () => number): boolean | Promise<boolean> {
  const key = findFresh(id)
  if (key) return isLive(key.facts, now())
  return find(id).then(
    (found) => found !== null && isLive(found.facts, now()),
    () => false,
  )
}

/** @throws CheckUnavailableError unless the key was seen within TRUSTED_MS. */
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

function toCaller(id: string, facts: ApiKeyFacts, isStillValid: Caller['isStillValid']): Caller {
  const principal: Principal = {
    id: `${API_KEY_PRINCIPAL}${id}`,
    roles: facts.roles,
    customerId: null,
    tenant: facts.tenant,
  }
  return {
    principal,
    scope: scopeOf(principal),
    expiresAt: facts.expiresAt?.getTime() ?? null,
    requestsPerMinute: facts.requestsPerMinute,
    isStillValid,
  }
}
