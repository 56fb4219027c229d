import { ACTORS } from '@redress/shared/access/actors.ts'
import { alertEvent } from '@redress/shared/events/alert.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { type Clock, HOUR_MS } from '@redress/shared/time.ts'
import type { MongoClient } from 'mongodb'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import { toDeadJob } from '../dead-letters/dead-letter.ts'
import type { JobFailure } from '../frame/job-failure.ts'
import type { JobQueue } from '../frame/open-queue.ts'
import type { Queues } from '../frame/open-queues.ts'
import { QUEUE_NAMES } from '../frame/queues.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { RecordCollection, RecordDocument } from '../records/record-document.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { createRecoverJobs, type FindOverdue, type Recover } from './recover-jobs.ts'

/** The fields of a lost job that its queue needs. */
const PROJECTION = { type: 1, queue: 1, priority: 1, scheduledFor: 1, trace: 1, dueAt: 1 } as const
type Due = Pick<RecordDocument, 'type' | 'queue' | 'priority' | 'scheduledFor' | 'trace'> & { id: string; dueAt: Date }

/**
 * A process that dies between the record of a job and its queue is not noticed otherwise: its job is queued within half a
 * minute. A job that runs reports progress, or is silent for as long as its attempt; one that waits may do so for any time.
 */
const RECOVERY = { overdueMs: 15_000, batch: 500, batchesMax: 20 }

type Dependencies = Readonly<{
  collection: RecordCollection
  records: Pick<JobRecords, 'abandon' | 'findMany'>
  deadJobs: Pick<DeadJobs, 'add'>
  onChange: ChangeOf
  queues: Queues
  mongo: MongoClient
  outbox: Outbox
  /** A lost job that was due longer ago is not run: what it was to do may no longer be right. */
  windowHours: number
  now: Clock
}>

/**
 * Queues jobs with a record again that are missing in their queue, by the moment at which they were due, each with its id,
 * priority and remaining attempts. Those that were due before the window fail instead, so that a person decides, and raise
 * an alert.
 */
export function createRecoverRecords(dependencies: Dependencies): Recover {
  const { collection, queues, windowHours, now } = dependencies
  return createRecoverJobs<Due>(
    { recovery: RECOVERY },
    {
      findOverdue: createFindDue(collection),
      urgencyOf: ({ priority }) => priority,
      async revive(due) {
        const windowFrom = now().getTime() - windowHours * HOUR_MS
        const isOld = ({ dueAt }: Due) => dueAt.getTime() < windowFrom
        const failures: unknown[] = []
        let revived = 0
        for (const name of QUEUE_NAMES) {
          const ofQueue = due.filter(({ queue }) => queue === name)
          if (ofQueue.length === 0) continue
          try {
            revived += await queues[name].revive(ofQueue.filter((one) => !isOld(one)).map(toJob))
            await abandon(await findMissing(queues[name], ofQueue.filter(isOld)), dependencies)
          } catch (error) {
            // The other queues may have a Redis of their own, which is not away.
            failures.push(error)
          }
        }
        if (failures.length > 0) throw failures[0]
        return revived
      },
      now,
    },
  )
}

const toJob = ({ scheduledFor = null, ...due }: Due) => toNewJob({ ...due, scheduledFor })

const ALIVE: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'delayed', 'active'])

/** Jobs that their queue will not run, whereas an old one that only waits is left alone. */
async function findMissing({ use }: JobQueue, jobs: readonly Due[]): Promise<readonly Due[]> {
  if (jobs.length === 0) return []
  const states = await use((queue) => Promise.all(jobs.map(({ id }) => queue.getJobState(id))))
  return jobs.filter((_, index) => !ALIVE.has(states[index]!))
}

async function abandon(lost: readonly Due[], dependencies: Dependencies) {
  const { records, deadJobs, onChange, mongo, outbox, windowHours, now } = dependencies
  const [first] = lost
  if (first === undefined) return
  const at = now()
  const failure: JobFailure = {
    code: 'JOB_LOST',
    message: `The queue lost this job, which was due more than ${windowHours} hours ago.`,
  }
  const alert = {
    id: `jobs-lost-${first.id}-${first.dueAt.getTime()}`,
    type: 'JOBS_LOST',
    severity: 'CRITICAL',
    message: `${lost.length} jobs of the queue ${first.queue} were lost, and due more than ${windowHours} hours ago.`,
    entity: { type: 'Queue', id: first.queue },
    cause: causeOfService(ACTORS.worker),
  } as const
  const failed = await inTransaction(mongo, async (session) => {
    await records.abandon(lost, failure, at, session)
    const found = await records.findMany(
      lost.map(({ id }) => id),
      session,
    )
    // One that was completed meanwhile has not failed.
    const dead = [...found.values()].filter((record) => record.failure?.code === failure.code)
    await deadJobs.add(dead.map(toDeadJob), at, session)
    await outbox.add([alertEvent(alert, at)], session)
    return dead
  })
  outbox.wake()
  for (const record of failed) onChange(record)
}

function createFindDue(collection: RecordCollection): FindOverdue<Due> {
  return async ({ olderThan, after, limit }) => {
    const due = {
      dueAt: { $lt: olderThan, ...(after && { $gte: after.dueAt }) },
      ...(after && { $or: [{ dueAt: { $gt: after.dueAt } }, { _id: { $gt: after.id } }] }),
    }
    const found = collection.find<Omit<Due, 'id'> & { _id: string }>(due, { projection: PROJECTION })
    const documents = await found.sort({ dueAt: 1, _id: 1 }).limit(limit).toArray()
    return documents.map(({ _id: id, ...rest }) => ({ id, ...rest }))
  }
}
