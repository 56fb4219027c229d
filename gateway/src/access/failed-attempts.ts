import { isIPv6 } from 'node:net'
import { DAY_MS, MINUTE_MS } from '@redress/shared/time.ts'
import { LRUCache } from 'lru-cache'
import type { Counters } from './counters.ts'
import { RateLimitedError } from './errors.ts'

/** Wrong credentials per minute after which an address is banned. */
const FAILURES_MAX = 20
/** Longest ban. Each lasts twice as long as the one before. */
const BAN_MINUTES_MAX = 60
/** Time after the first ban until bans are counted from zero again. */
const MEMORY_MS = DAY_MS
const BANS_MAX = 10_000

export type FailedAttempts = Readonly<{
  /** @throws RateLimitedError for an address that is banned. */
  check(ip: string): void | Promise<void>
  note(ip: string): Promise<void>
}>

type Options = Readonly<{
  counters: Counters
  /** Called by the one process that bans an address. */
  onBan?: (ip: string) => void
  now?: () => number
}>

/** Counts wrong credentials by address, over all gateways, and bans an address with too many: for 1 minute, then 2, 4, … 60. */
export function createFailedAttempts({ counters, onBan = () => {}, now = Date.now }: Options): FailedAttempts {
  const bannedUntil = new LRUCache<string, number>({ max: BANS_MAX })

  const refuse = (until: number): never => {
    const resetMs = Math.max(0, until - now())
    throw new RateLimitedError({ allowed: false, limit: FAILURES_MAX, remaining: 0, resetMs, degraded: false })
  }
  const lookUp = async (network: string) => {
    const ban = await counters.read(`banned:${network}`)
    if (ban === null || ban.endsAt <= now()) return
    bannedUntil.set(network, ban.endsAt)
    refuse(ban.endsAt)
  }

  return {
    check(ip) {
      const network = networkOf(ip)
      const until = bannedUntil.get(network)
      // A known ban needs no call to Redis.
      return until !== undefined && until > now() ? refuse(until) : lookUp(network)
    },
    async note(ip) {
      const network = networkOf(ip)
      const failures = await counters.add({ key: `failed:${network}`, points: 1, windowMs: MINUTE_MS })
      // Every failure gets its own count, so exactly one of concurrent ones bans the address.
      if (failures.counted !== FAILURES_MAX) return
      const bans = await counters.add({ key: `bans:${network}`, points: 1, windowMs: MEMORY_MS })
      const windowMs = Math.min(BAN_MINUTES_MAX, 2 ** (bans.counted - 1)) * MINUTE_MS
      const ban = await counters.add({ key: `banned:${network}`, points: 1, windowMs })
      bannedUntil.set(network, ban.endsAt)
      onBan(ip)
    },
  }
}

/** The address, or for IPv6 its /64: a subscriber has all of those addresses and could use each of them once. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(ip)) return ip
  const [head = '', tail] = ip.toLowerCase().split('%')[0]!.split('::')
  const given = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - given.length - behind.length) }, () => '0')
  const groups = [...given, ...zeros, ...behind].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
