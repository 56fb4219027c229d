import type { Clock } from '@redress/shared/time.ts'
import type { Queues } from '../frame/open-queues.ts'
import { QUEUE_NAMES } from '../frame/queues.ts'
import type { RecordCollection, RecordDocument } from '../records/record-document.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { createRecoverJobs, type FindOverdue, type Recover } from './recover-jobs.ts'

/** The fields of a lost job that its queue needs. */
const PROJECTION = { type: 1, queue: 1, priority: 1, scheduledFor: 1, trace: 1, dueAt: 1 } as const
type Due = Pick<RecordDocument, 'type' | 'queue' | 'priority' | 'scheduledFor' | 'trace'> & { id: string; dueAt: Date }

/** A job that runs reports progress, or is silent for as long as its attempt; one that waits may do so for any time. */
const RECOVERY = { overdueMs: 60_000, batch: 500, batchesMax: 20 }

type Dependencies = Readonly<{ collection: RecordCollection; queues: Queues; now: Clock }>

/** Queues jobs with a record again that are missing in their queue, by the moment at which they were due. */
export function createRecoverRecords({ collection, queues, now }: Dependencies): Recover {
  return createRecoverJobs<Due>(
    { recovery: RECOVERY },
    {
      findOverdue: createFindDue(collection),
      urgencyOf: ({ priority }) => priority,
      async revive(records) {
        let revived = 0
        for (const name of QUEUE_NAMES) {
          const jobs = records.filter(({ queue }) => queue === name).map(toJob)
          if (jobs.length > 0) revived += await queues[name].revive(jobs)
        }
        return revived
      },
      now,
    },
  )
}

const toJob = ({ scheduledFor = null, ...due }: Due) => toNewJob({ ...due, scheduledFor })

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
