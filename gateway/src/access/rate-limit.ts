import { LRUCache } from 'lru-cache'
import type { Caller } from './caller.ts'
import type { Count, Counters } from './counters.ts'

/** `general`: every operation. `queues`: operations on queues and jobs, which spend from this one too. */
export type RateGroup = 'general' | 'queues'

export type RateVerdict = Readonly<{
  allowed: boolean
  limit: number
  remaining: number
  /** Until all points are back. */
  resetMs: number
  /** This process counts alone, since Redis does not answer. */
  degraded: boolean
}>

export type Limit = Readonly<{ max: number; windowMs: number }>
export type RateLimiter = Readonly<{ consume(caller: Caller, group: RateGroup): RateVerdict | Promise<RateVerdict> }>

const MINUTE_MS = 60_000
const QUEUES: Limit = { max: 60, windowMs: MINUTE_MS }
const CALLERS_MAX = 10_000
/** How much of what is left one process takes at a time. */
const SHARE = 10

type Options = Readonly<{ counters: Counters; general: Limit; now?: () => number }>

/**
 * Limits what a principal may ask for, over all gateways. A gateway takes points in chunks, a tenth of what is left,
 * and spends them without asking anybody; the chunks shrink to one as the limit comes near.
 * - Only points that the shared count granted are spent, so all gateways together never exceed the limit.
 * - A gateway alone takes them all, so it gives exactly the limit. Several may refuse a little earlier, while another
 *   still holds points: at the most a tenth of what was left when it took them.
 * - Points that were not spent end with the window in which they were taken.
 */
export function createRateLimiter({ counters, general, now = Date.now }: Options): RateLimiter {
  const purses: Readonly<Record<RateGroup, LRUCache<string, Purse>>> = {
    general: new LRUCache({ max: CALLERS_MAX }),
    queues: new LRUCache({ max: CALLERS_MAX }),
  }
  const purseOf = ({ principal: { id }, requestsPerMinute }: Caller, group: RateGroup) => {
    const known = purses[group].get(id)
    if (known) return known
    const own = requestsPerMinute === null ? general : { max: requestsPerMinute, windowMs: MINUTE_MS }
    const purse = createPurse(`${group}:${id}`, group === 'queues' ? QUEUES : own)
    purses[group].set(id, purse)
    return purse
  }
  const take = (purse: Purse) => {
    const { key, limit } = purse
    const points = sizeOfChunk(purse, now())
    const filled = counters.add({ key, points, windowMs: limit.windowMs })
    return filled instanceof Promise ? filled.then((count) => fill(purse, count, points)) : fill(purse, filled, points)
  }
  const takeTogether = (purse: Purse): Promise<void> => {
    purse.taking ??= Promise.resolve(take(purse)).finally(() => {
      purse.taking = null
    })
    return purse.taking
  }
  const waitAndSpend = async (purse: Purse): Promise<RateVerdict> => {
    purse.waiting++
    try {
      // Ends: each round gives somebody a point, or finds that none is left.
      do await takeTogether(purse)
      while (purse.points === 0 && purse.left > 0)
    } finally {
      purse.waiting--
    }
    return spendOrRefuse(purse, now())
  }

  return {
    consume(caller, group) {
      const purse = purseOf(caller, group)
      const at = now()
      const isCurrent = at < purse.endsAt
      if (isCurrent && (purse.points > 0 || isSpent(purse))) return spendOrRefuse(purse, at)
      return waitAndSpend(purse)
    },
  }
}

/** Points that this process may spend for one principal. */
type Purse = {
  readonly key: string
  readonly limit: Limit
  points: number
  /** What nobody had taken when points were last taken. */
  left: number
  endsAt: number
  degraded: boolean
  waiting: number
  taking: Promise<void> | null
}

function createPurse(key: string, limit: Limit): Purse {
  return { key, limit, points: 0, left: limit.max, endsAt: 0, degraded: false, waiting: 0, taking: null }
}

/** Nothing is left to take until the window ends; a process that counts alone asks whether it still does. */
const isSpent = ({ left, degraded }: Purse) => left === 0 && !degraded

/**
 * A tenth of what is left, but enough for those who wait. At first only that: what others took is not known yet, and
 * ten gateways that are started one after the other must not take it all.
 */
function sizeOfChunk({ limit, left, endsAt, waiting }: Purse, at: number): number {
  if (at >= endsAt) return Math.max(1, Math.min(limit.max, waiting))
  return Math.max(1, Math.min(left, Math.max(Math.ceil(left / SHARE), waiting)))
}

/** Of the points that were asked for, those within the limit are granted. */
function fill(purse: Purse, { counted, endsAt, degraded }: Count, asked: number): void {
  const { max } = purse.limit
  purse.points = Math.max(0, Math.min(asked, max - (counted - asked)))
  purse.left = Math.max(0, max - counted)
  purse.endsAt = endsAt
  purse.degraded = degraded
}

function spendOrRefuse(purse: Purse, at: number): RateVerdict {
  const allowed = purse.points > 0
  if (allowed) purse.points--
  return {
    allowed,
    limit: purse.limit.max,
    remaining: purse.points + purse.left,
    resetMs: Math.max(0, purse.endsAt - at),
    degraded: purse.degraded,
  }
}

const QUEUE_FIELD = /queue|job/i

/** The groups that an operation spends from, by the names of its root fields. */
export function groupsOf(rootFields: Iterable<string>): readonly RateGroup[] {
  for (const name of rootFields) if (QUEUE_FIELD.test(name)) return ['general', 'queues']
  return ['general']
}

/** Adds what the answer says of a limit, names and values by turns; whole seconds. */
export function pushHeaders(headers: string[], { allowed, limit, remaining, resetMs }: RateVerdict): void {
  const seconds = String(Math.max(1, Math.ceil(resetMs / 1000)))
  headers.push('x-ratelimit-limit', String(limit), 'x-ratelimit-remaining', String(remaining))
  headers.push('x-ratelimit-reset', seconds)
  if (!allowed) headers.push('retry-after', seconds)
}
