import type { Redis } from '@redress/shared/stores/redis.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import { CLOCK } from './token-bucket.ts'

/** A lease of a process that was killed comes back after this. */
export const LEASE_MS = 4_000

/**
 * KEYS: the leases, a sorted set by expiry. ARGV: ms of a lease, ms until the key is forgotten, the ids. A lease that has
 * expired meanwhile (its holder was paused) is added again: what it stands for still runs, and has to be counted.
 */
const RENEW = `${CLOCK}
local expiry = clock() + ARGV[1]
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], expiry, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

export type LeaseKeeper = Readonly<{
  /** Renews a lease that a script has added to the sorted set `key`, until it is released. */
  keep(key: string, id: string): void
  /** Never rejects: a lease is given back once Redis is reachable, or expires. */
  release(key: string, id: string): Promise<void>
}>

/** Renews the leases of this process, several times within the life of one, so that they may be short. */
export function createLeaseKeeper(redis: Redis, leaseMs: number = LEASE_MS): LeaseKeeper {
  const idsByKey = new Map<string, Set<string>>()
  let timer: NodeJS.Timeout | undefined

  const renewAll = () => {
    // Commands that wait for the connection to come back would renew leases that have been released meanwhile.
    if (!redis.isReady) return
    for (const [key, ids] of idsByKey) {
      // The whole script, not its digest: a second command, to a Redis that does not know it, could follow a release.
      const call = { keys: [key], arguments: [String(leaseMs), String(DAY_MS), ...ids] }
      // The next round repeats what failed.
      redis.eval(RENEW, call).catch(() => undefined)
    }
  }
  return {
    keep(key, id) {
      const ids = idsByKey.get(key) ?? new Set()
      idsByKey.set(key, ids.add(id))
      timer ??= setInterval(renewAll, leaseMs / 4).unref()
    },
    async release(key, id) {
      const ids = idsByKey.get(key)
      ids?.delete(id)
      if (ids?.size === 0) idsByKey.delete(key)
      if (idsByKey.size === 0) {
        clearInterval(timer)
        timer = undefined
      }
      const removed = redis.zRem(key, id).catch(() => 0)
      // Where Redis is away, the client sends it once Redis is back.
      if (redis.isReady) await removed
    },
  }
}
