import type { Logger } from '@redress/shared/process/logger.ts'
import { duplicateRedis, type Redis } from '@redress/shared/stores/redis.ts'
import type { ClientSession } from 'mongodb'
import type { Queues } from '../frame/open-queues.ts'
import type { Stop } from '../frame/run-limited.ts'
import type { CancelRequest, JobRecord } from '../records/job-record.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { ChangeOf } from './job-change.ts'

const CHANNEL = 'jobs:cancel'

/** Asks whichever worker runs a job to stop. Best effort: its record, if it has one, holds the request as well. */
export async function askToStop(redis: Redis, jobId: string): Promise<void> {
  await redis.publish(CHANNEL, jobId)
}

type Job = Pick<JobRecord, 'id' | 'type' | 'queue'>

/**
 * Cancels a job with a record that waits, and asks one that runs to stop. Null where it has ended.
 * @param store makes the change of the record; default: on its own.
 */
export type CancelJob = (job: Job, request: CancelRequest, store?: StoreChange) => Promise<JobRecord | null>
type StoreChange = (change: (session?: ClientSession) => Promise<JobRecord | null>) => Promise<JobRecord | null>

type Cancelling = Readonly<{
  records: Pick<JobRecords, 'cancel'>
  queues: Queues
  onChange: ChangeOf
  logger: Logger
}>

export function createCancelJob({ records, queues, onChange, logger }: Cancelling): CancelJob {
  return async (job, request, store = (change) => change()) => {
    const cancelled = await store((session) => records.cancel(job, request, session))
    if (cancelled === null) return null
    onChange(cancelled)
    const queue = queues[job.queue]
    // Best effort: a worker that takes the job, or reports its progress, finds it cancelled.
    const notified =
      cancelled.status === 'CANCELLED' ? queue.use((bullmq) => bullmq.remove(job.id)) : askToStop(queue.redis, job.id)
    await notified.catch((err: unknown) => logger.warn({ err, jobId: job.id }, 'a cancellation is noticed later'))
    return cancelled
  }
}

/** The jobs that run in this process, and can be stopped one by one. */
export type Cancellations = Readonly<{
  /** Begins to listen for one job: `stop` is cancelled when the job is. */
  watch(jobId: string, stop: Stop): Watch
  close(): Promise<void>
}>

export type Watch = Readonly<{ cancel(): void; isCancelled(): boolean; end(): void }>

/** Listens at the Redis of each queue that this process works on. */
export function openCancellations(connections: readonly Redis[], logger: Logger): Cancellations {
  const running = new Map<string, () => void>()
  const subscribers = connections.map((redis) => {
    const subscriber = duplicateRedis(redis, logger)
    const listen = async () => {
      await subscriber.connect()
      await subscriber.subscribe(CHANNEL, (jobId) => running.get(jobId)?.())
    }
    // The client connects and subscribes again by itself where Redis goes away later.
    listen().catch((err: unknown) => logger.warn({ err }, 'cancellations of running jobs are not heard yet'))
    return subscriber
  })
  return {
    watch(jobId, stop) {
      let isCancelled = false
      const cancel = () => {
        isCancelled = true
        stop.cancel()
      }
      running.set(jobId, cancel)
      return { cancel, isCancelled: () => isCancelled, end: () => void running.delete(jobId) }
    },
    close: async () => {
      for (const subscriber of subscribers) subscriber.destroy()
    },
  }
}
