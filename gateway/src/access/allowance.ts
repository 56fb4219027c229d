import type { Count } from './counters.ts'

export type Limit = Readonly<{ max: number; windowMs: number }>

/** Part of a limit's points that one process takes at a time. */
const SHARE = 10

/** Points of a limit that this process has taken for one principal and may spend. */
export type Allowance = {
  readonly key: string
  readonly limit: Limit
  points: number
  /** Points that no process had taken when this one last took some. */
  left: number
  /** End of the window, in ms since 1970. */
  endsAt: number
  degraded: boolean
  /** Requests that wait for points. */
  waiting: number
  /** Settles when points were taken; null unless some are being taken. */
  taking: Promise<void> | null
}

export function createAllowance(key: string, limit: Limit): Allowance {
  return { key, limit, points: 0, left: limit.max, endsAt: 0, degraded: false, waiting: 0, taking: null }
}

/** Whether nothing is left until the window ends. A process that counts alone cannot know, and asks again. */
export const isExhausted = ({ left, degraded }: Allowance) => left === 0 && !degraded

/**
 * How many points to take: a tenth of what is left, but enough for the requests that wait. In a new window only that,
 * since the use by other processes is unknown: ten gateways starting one after the other must not take all points.
 */
export function sizeOfChunk({ limit, left, endsAt, waiting }: Allowance, at: number): number {
  if (at >= endsAt) return Math.max(1, Math.min(limit.max, waiting))
  return Math.max(1, Math.min(left, Math.max(Math.ceil(left / SHARE), waiting)))
}

/** Adds the points that were granted: of those that were asked for, the ones within the limit. */
export function fill(allowance: Allowance, { counted, endsAt, degraded }: Count, asked: number): void {
  const { max } = allowance.limit
  allowance.points = Math.max(0, Math.min(asked, max - (counted - asked)))
  allowance.left = Math.max(0, max - counted)
  allowance.endsAt = endsAt
  allowance.degraded = degraded
}
