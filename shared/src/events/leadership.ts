import { randomUUID } from 'node:crypto'
import type { Logger } from '../process/logger.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import type { Redis } from '../stores/redis.ts'

/** How long a lease lasts without renewal. Another member takes over within one RENEW_MS after that. */
const LEASE_MS = 2_500
const RENEW_MS = 1_000
const RELEASE_MS = 1_000

/** Takes a free lease, or renews our own: also one that was won by a question whose answer is still on its way. */
const CAMPAIGN = `local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`

/** The length of a lease, and the interval of renewal: several times within one lease. */
export type LeaseTimes = Readonly<{ leaseMs: number; renewMs: number }>

export type ElectionOptions = LeaseTimes &
  Readonly<{
    /** Called with the new term whenever this process begins to lead: work that has waited for a leader need not wait longer. */
    onLead?: (term: number) => void
  }>

export type Leadership = Readonly<{
  isLeader: () => boolean
  /** Grows each time this process begins to lead: another one may have led since. */
  term: () => number
  stop: () => Promise<void>
}>

/**
 * Takes part in the election of one leader for `role` among all processes on this Redis.
 * A lease, not a lock: a leader that was paused may overlap with its successor for a moment, so what leaders do
 * must be harmless when done twice.
 */
export function joinElection(
  redis: Redis,
  role: string,
  logger: Logger,
  { leaseMs = LEASE_MS, renewMs = RENEW_MS, onLead = () => {} }: Partial<ElectionOptions> = {},
): Leadership {
  const key = `leader:${role}`
  const id = `${process.pid}:${randomUUID()}`
  /** By the monotonic clock: a step of the wall clock neither ends a lease nor makes it longer. */
  let leaseEndsAt = 0
  let term = 0
  let stopped = false

  const isLeader = () => !stopped && leaseEndsAt > performance.now()
  const campaign = async () => {
    const askedAt = performance.now()
    const wasLeader = isLeader()
    const won = (await redis.eval(CAMPAIGN, { keys: [key], arguments: [id, String(leaseMs)] })) === 1
    const was = leaseEndsAt > 0
    leaseEndsAt = won ? askedAt + leaseMs : 0
    if (won !== was) logger.info({ role }, won ? 'leading' : 'no longer leading')
    if (won && !wasLeader) onLead(++term)
  }

  const campaignSafely = () => campaign().catch((err) => logger.warn({ err, role }, 'election not possible'))
  void campaignSafely()
  const timer = setInterval(campaignSafely, renewMs)

  return {
    isLeader,
    term: () => term,
    async stop() {
      // A campaign that is under way may still win; it is given back below, since commands keep their order.
      stopped = true
      clearInterval(timer)
      // Without Redis, the lease expires.
      await succeedsWithin(RELEASE_MS, redis.eval(RELEASE, { keys: [key], arguments: [id] }))
    },
  }
}
