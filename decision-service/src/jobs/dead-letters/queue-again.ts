import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { Claims } from '../orders/claims.ts'
import { unpack } from '../records/stored-json.ts'
import type { Recover } from '../recovery/recover-jobs.ts'
import type { FailedJob, Queued } from './dead-letter.ts'
import type { LetterCollection, LetterDocument } from './letter-documents.ts'

type Retried = FailedJob & Readonly<{ queued: Queued }>
/** Queues retried jobs that have no record, and notes that. Those that cannot be queued now are left to `recover`. */
export type QueueAgain = (jobs: readonly Retried[]) => Promise<void>

/** Time in which the process that retried a job has queued it. */
const OVERDUE_MS = 30_000
const ROUND_MAX = 1_000

type Dependencies = Readonly<{
  deadLetters: LetterCollection
  claims: Pick<Claims, 'find' | 'forget'>
  queues: Queues
  logger: Logger
  now: Clock
}>

/**
 * The way of a retried job without a record into its queue. That it was retried is stored first, so that a crash between
 * the two loses nothing; one that was queued before the crash may run twice, as any job of its tier may.
 */
export function createQueueAgain(dependencies: Dependencies) {
  const { deadLetters, logger, now } = dependencies
  const queueAgain: QueueAgain = async (jobs) => {
    for (const [name, ofQueue] of Map.groupBy(jobs, ({ queue }) => queue)) {
      const late = (err: unknown) => logger.warn({ err, queue: name, jobs: ofQueue.length }, 'jobs are queued later')
      await queueAll(ofQueue, dependencies).catch(late)
    }
  }
  const recover: Recover = async ({ all = false, signal } = {}) => {
    const before = new Date(now().getTime() - (all ? 0 : OVERDUE_MS))
    const found = await deadLetters.find({ toQueue: true }).sort({ _id: 1 }).limit(ROUND_MAX).toArray()
    const overdue = found.filter(({ handling }) => handling && handling.at <= before)
    let count = 0
    const jobs = overdue.map(toRetried)
    for (const [, ofQueue] of Map.groupBy(jobs, ({ queue }) => queue)) {
      signal?.throwIfAborted()
      count += await queueAll(ofQueue, dependencies)
    }
    return count
  }
  return { queueAgain, recover }
}

/** Only jobs without a record are stored as to be queued. */
function toRetried({ _id: id, type, queue, queued }: LetterDocument): Retried {
  const { message, priority } = queued!
  return { id, type: type!, queue: queue!, queued: { message: unpack(message), priority } }
}

/** Queues jobs of one queue. */
async function queueAll(jobs: readonly Retried[], { deadLetters, claims, queues }: Dependencies): Promise<number> {
  const [first] = jobs
  if (first === undefined) return 0
  const open: Retried[] = []
  for (const job of jobs) {
    await claims.forget(job.id)
    // One with an idempotency key says so where it has run since.
    const claim = await claims.find(job.id)
    if (claim === null || claim.status === 'IN_PROGRESS') open.push(job)
  }
  const count = await queues[first.queue].revive(
    open.map(({ id, type, queued: { message: data, priority } }) => ({ id, type, data, priority })),
  )
  await deadLetters.updateMany({ _id: { $in: jobs.map(({ id }) => id) } }, { $unset: { toQueue: 1 } })
  return count
}
