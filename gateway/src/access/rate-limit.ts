import { MINUTE_MS } from '@redress/shared/time.ts'
import { LRUCache } from 'lru-cache'
import { type Allowance, createAllowance, fill, isExhausted, type Limit, sizeOfChunk } from './allowance.ts'
import { type Caller, callerNameOf } from './caller.ts'
import type { Counters } from './counters.ts'

/** `general`: every operation. `queues`: operations on queues and jobs, which count for `general` too. */
export const RATE_GROUPS = ['general', 'queues'] as const
export type RateGroup = (typeof RATE_GROUPS)[number]

export type RateVerdict = Readonly<{
  allowed: boolean
  limit: number
  remaining: number
  /** Until all points are back. */
  resetMs: number
  /** Whether this process counts alone, because Redis does not answer. */
  degraded: boolean
}>

export type RateLimiter = Readonly<{ consume(caller: Caller, group: RateGroup): RateVerdict | Promise<RateVerdict> }>

const QUEUES: Limit = { max: 60, windowMs: MINUTE_MS }
const CALLERS_MAX = 10_000

type Options = Readonly<{ counters: Counters; general: Limit; now?: () => number }>

/**
 * Limits the requests of a principal, over all gateways. A gateway takes points in chunks, a tenth of what is left, and
 * spends them without asking Redis; the chunks shrink to one as the limit comes near.
 * - Only points that the shared count granted are spent, so all gateways together never exceed the limit.
 * - A single gateway takes them all, so it gives exactly the limit. Several may refuse a little earlier, while another
 *   still holds points: at most a tenth of what was left when it took them.
 * - Points that were not spent end with the window in which they were taken.
 */
export function createRateLimiter({ counters, general, now = Date.now }: Options): RateLimiter {
  const allowanceOf = createAllowances(general)

  const take = (allowance: Allowance) => {
    const points = sizeOfChunk(allowance, now())
    const taken = counters.add({ key: allowance.key, points, windowMs: allowance.limit.windowMs })
    return taken instanceof Promise
      ? taken.then((count) => fill(allowance, count, points))
      : fill(allowance, taken, points)
  }
  const takeTogether = (allowance: Allowance): Promise<void> => {
    allowance.taking ??= Promise.resolve(take(allowance)).finally(() => {
      allowance.taking = null
    })
    return allowance.taking
  }
  const waitAndSpend = async (allowance: Allowance): Promise<RateVerdict> => {
    allowance.waiting++
    try {
      // Terminates: each round gives a point to one of those that wait, or finds that none is left.
      do await takeTogether(allowance)
      while (allowance.points === 0 && allowance.left > 0)
    } finally {
      allowance.waiting--
    }
    return spend(allowance, now())
  }

  return {
    consume(caller, group) {
      const allowance = allowanceOf(caller, group)
      const at = now()
      const isCurrent = at < allowance.endsAt
      if (isCurrent && (allowance.points > 0 || isExhausted(allowance))) return spend(allowance, at)
      return waitAndSpend(allowance)
    },
  }
}

/** Finds the allowance of a caller in a group; a caller may have a general limit of its own. */
function createAllowances(general: Limit) {
  const allowances: Readonly<Record<RateGroup, LRUCache<string, Allowance>>> = {
    general: new LRUCache({ max: CALLERS_MAX }),
    queues: new LRUCache({ max: CALLERS_MAX }),
  }
  return ({ principal, requestsPerMinute }: Caller, group: RateGroup): Allowance => {
    const name = callerNameOf(principal)
    const known = allowances[group].get(name)
    if (known) return known
    const own = requestsPerMinute === null ? general : { max: requestsPerMinute, windowMs: MINUTE_MS }
    const allowance = createAllowance(`${group}:${name}`, group === 'queues' ? QUEUES : own)
    allowances[group].set(name, allowance)
    return allowance
  }
}

function spend(allowance: Allowance, at: number): RateVerdict {
  const allowed = allowance.points > 0
  if (allowed) allowance.points--
  return {
    allowed,
    limit: allowance.limit.max,
    remaining: allowance.points + allowance.left,
    resetMs: Math.max(0, allowance.endsAt - at),
    degraded: allowance.degraded,
  }
}

/** Adds the headers of a verdict to `headers`, names and values alternating; times in whole seconds. */
export function pushHeaders(headers: string[], { allowed, limit, remaining, resetMs }: RateVerdict): void {
  const seconds = String(Math.max(1, Math.ceil(resetMs / 1000)))
  headers.push('x-ratelimit-limit', String(limit), 'x-ratelimit-remaining', String(remaining))
  headers.push('x-ratelimit-reset', seconds)
  if (!allowed) headers.push('retry-after', seconds)
}
