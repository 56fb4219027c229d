import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Counters } from './counters.ts'
import { RateLimitedError } from './errors.ts'

/** So many wrong credentials in a minute, and the address is banned. */
const FAILURES_MAX = 20
const MINUTE_MS = 60_000
/** Each ban lasts twice as long as the one before it, up to this. */
const BAN_MINUTES_MAX = 60
/** From the first ban on; then all is forgotten. */
const MEMORY_MS = 24 * 60 * MINUTE_MS
const BANS_MAX = 10_000

export type FailedAttempts = Readonly<{
  /** @throws RateLimitedError for an address that is banned. */
  check(ip: string): void | Promise<void>
  note(ip: string): Promise<void>
}>

type Options = Readonly<{ counters: Counters; now?: () => number }>

/** Counts wrong credentials by address, over all gateways, and bans who has too many: 1 minute, then 2, 4, … 60. */
export function createFailedAttempts({ counters, now = Date.now }: Options): FailedAttempts {
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
      // Who is known to be banned costs Redis nothing.
      return until !== undefined && until > now() ? refuse(until) : lookUp(network)
    },
    async note(ip) {
      const network = networkOf(ip)
      const failures = await counters.add({ key: `failed:${network}`, points: 1, windowMs: MINUTE_MS })
      // Each failure has a number of its own, so one of them bans, however many there are at once.
      if (failures.counted !== FAILURES_MAX) return
      const bans = await counters.add({ key: `bans:${network}`, points: 1, windowMs: MEMORY_MS })
      const windowMs = Math.min(BAN_MINUTES_MAX, 2 ** (bans.counted - 1)) * MINUTE_MS
      const ban = await counters.add({ key: `banned:${network}`, points: 1, windowMs })
      bannedUntil.set(network, ban.endsAt)
    },
  }
}

/** An IPv6 subscriber has a whole /64 of addresses, and could use each of them once. */
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
