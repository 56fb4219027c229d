import { randomUUID } from 'node:crypto'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { Job } from 'bullmq'
import { createLeaseKeeper, LEASE_MS, type LeaseKeeper } from '../redis/leases.ts'
import { createRedisScript } from '../redis/redis-script.ts'
import { CLOCK } from '../redis/token-bucket.ts'
import { JobCrashedError } from './job-failure.ts'
import type { QueueName } from './queues.ts'

/** Processes that end while they run a job, until it fails. */
const CRASHES_MAX = 3
/** A job is taken over so long after the process that ran it has ended, at the latest. */
const TAKEN_OVER_MS = 60_000

/**
 * Begins a run of a suspect. KEYS: its runs and the processes of the queue, sorted sets by the end of their lease. ARGV:
 * the run's id, ms of a lease, ms until the key is forgotten, the maximum, 1 where other suspects run in the process, the
 * number of takeovers, and ms since when the end of a process may have led to one. What ends in order is removed, so a
 * lease that has expired ended with its process. The run before the first takeover had no lease of its own: it ended with
 * its process if any process did so lately, and not where Redis was away or a worker was too busy to renew its lock.
 */
const ENTER = `${CLOCK}
local now = clock()
local ended = redis.call('ZCOUNT', KEYS[2], now - ARGV[7], '(' .. now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[7])
if ARGV[6] == '1' and ended > 0 and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZADD', KEYS[1], 0, 'first')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local crashed = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. now)
if redis.call('ZCARD', KEYS[1]) > crashed then return 'WAIT' end
if crashed >= tonumber(ARGV[4]) then return 'CRASHED' end
local last = crashed >= ARGV[4] - 1
if last and ARGV[5] == '1' then return 'WAIT' end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return last and 'ALONE' or 'BESIDE'
`

export type CrashGuard = Readonly<{
  /**
   * Runs a job. One that was taken over from a worker is a suspect, because it may have ended that worker: it is counted
   * while it runs, and before its last chance it runs alone among the suspects.
   * @returns null if it has to wait, because of another suspect here, or because it runs elsewhere.
   * @throws JobCrashedError if it has ended too many processes.
   */
  run<T>(job: Pick<Job, 'id' | 'stalledCounter'>, work: () => Promise<T>): Promise<T | null>
  /** Ends the count of what still runs: the process is about to stop, and what it leaves behind is no crash. */
  close(): Promise<void>
}>

type Options = Readonly<{ redis: Redis; queue: QueueName; leaseMs?: number }>

/**
 * Finds the job that ends its workers. All jobs of a worker that ended are taken over together, so a count of takeovers
 * would blame those that ran beside it, and a store outage or a paused process counts as a takeover too. Suspects run side
 * by side at first: most of them only lost their worker, and one by one they would take many minutes where a model decides.
 */
export function createCrashGuard({ redis, queue, leaseMs = LEASE_MS }: Options): CrashGuard {
  const keeper = createLeaseKeeper(redis, leaseMs)
  const processes = joinProcesses(keeper, queue)
  const enter = createEnter(redis, processes.key, leaseMs)
  /** The suspects that run here: the keys by their runs. */
  const suspects = new Map<string, string>()
  /** The run that no other suspect may join. */
  let alone: string | null = null

  const begin = async (key: string, run: string, takeovers: number): Promise<boolean> => {
    const isJoining = suspects.size > 0
    suspects.set(run, key)
    // Known only with the verdict: until then nothing joins it.
    if (!isJoining) alone = run
    const verdict = await enter(key, run, { isJoining, takeovers })
    if (verdict === 'CRASHED') throw new JobCrashedError()
    if (verdict === 'BESIDE' && !isJoining) alone = null
    return verdict !== 'WAIT'
  }
  return {
    async run({ id, stalledCounter }, work) {
      if (stalledCounter === 0) return work()
      if (alone !== null) return null
      const key = `crashes:${queue}:${id}`
      const run = randomUUID()
      try {
        if (!(await begin(key, run, stalledCounter))) return null
        keeper.keep(key, run)
        return await work()
      } finally {
        // Also where the beginning got no reply: Redis may have counted the run.
        await keeper.release(key, run)
        suspects.delete(run)
        if (alone === run) alone = null
      }
    },
    close: async () =>
      void (await Promise.all([processes.leave(), ...[...suspects].map(([run, key]) => keeper.release(key, run))])),
  }
}

/** The lease of this process among those that work on the queue. */
function joinProcesses(keeper: LeaseKeeper, queue: QueueName) {
  const key = `processes:${queue}`
  const id = randomUUID()
  keeper.keep(key, id)
  return { key, leave: () => keeper.release(key, id) }
}

type Entering = Readonly<{ isJoining: boolean; takeovers: number }>

function createEnter(redis: Redis, processes: string, leaseMs: number) {
  const enter = createRedisScript(redis, ENTER)
  return (key: string, run: string, { isJoining, takeovers }: Entering) => {
    const limits = [leaseMs, DAY_MS, CRASHES_MAX, isJoining ? 1 : 0, takeovers, TAKEN_OVER_MS]
    return enter({ keys: [key, processes], args: [run, ...limits] })
  }
}
