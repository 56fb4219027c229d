import type { Filter } from 'mongodb'
import type { Registry } from '../frame/job-definition.ts'
import { JOBS } from '../frame/registry.ts'
import { createAddRecords } from './add-records.ts'
import { createAttempts, heldBy } from './attempts.ts'
import { type JobAction, statusesBefore } from './job-record.ts'
import type { JobRecords } from './job-records.ts'
import {
  CLOSED,
  COUNTED,
  createToEnded,
  fromDocument,
  type RecordCollection,
  type RecordDocument,
  type ToEnded,
} from './record-document.ts'

type Options = Readonly<{ collection: RecordCollection; registry?: Registry }>

const AFTER = { returnDocument: 'after' } as const

/** Records in MongoDB. What many jobs do at the same time (being added, begun, completed) is one write for all of them. */
export function createMongoJobRecords({ collection, registry = JOBS }: Options): JobRecords {
  const toEnded = createToEnded(registry)
  return {
    async find(id) {
      const found = await collection.findOne({ _id: id })
      return found && fromDocument(found)
    },
    async findMany(ids, session) {
      const found = await collection.find({ _id: { $in: [...ids] } }, { ...(session && { session }) }).toArray()
      return new Map(found.map((document) => [document._id, fromDocument(document)]))
    },
    ...createAddRecords(collection),
    ...createAttempts(collection, toEnded),
    ...createEndings(collection, toEnded),
    async retry(id, attempts, at, session) {
      const opened = { status: 'PENDING' as const, updatedAt: at, dueAt: at }
      const ofTheEnd = { endedAt: 1, expiresAt: 1, scheduledFor: 1, cancelRequest: 1 } as const
      const change = { $set: opened, $inc: { maxAttempts: attempts }, $unset: ofTheEnd }
      const retried = await collection.findOneAndUpdate(before(id, 'retry'), change, {
        ...AFTER,
        ...(session && { session }),
      })
      return retried && fromDocument(retried)
    },
    noteHeld: async (id, at) => void (await collection.updateOne({ _id: id }, { $set: { updatedAt: at } })),
  }
}

type Endings = Pick<JobRecords, 'fail' | 'abandon' | 'cancel' | 'endCancelled'>

/** How a job ends that no attempt completes. */
function createEndings(collection: RecordCollection, toEnded: ToEnded): Endings {
  return {
    async fail(job, failure, at, session) {
      const fields = { status: 'FAILED' as const, failure, ...toEnded(job.type, at) }
      const open =
        'run' in job ? { $or: [heldBy(job), { _id: job.id, status: 'PENDING' as const }] } : before(job.id, 'fail')
      const change = { $set: fields, ...COUNTED, $unset: CLOSED }
      const failed = await collection.findOneAndUpdate(open, change, { ...AFTER, ...(session && { session }) })
      return failed && fromDocument(failed)
    },
    async abandon(jobs, failure, at, session) {
      for (const [type, ofType] of Map.groupBy(jobs, (job) => job.type)) {
        const open = { _id: { $in: ofType.map(({ id }) => id) }, status: { $in: [...statusesBefore('fail')] } }
        const fields = { status: 'FAILED' as const, failure, ...toEnded(type, at) }
        await collection.updateMany(open, { $set: fields, $unset: CLOSED }, { ...(session && { session }) })
      }
    },
    async cancel({ id, type }, cancelRequest, session) {
      const options = { ...AFTER, ...(session && { session }) }
      const { at } = cancelRequest
      const fields = { status: 'CANCELLED' as const, cancelRequest, ...toEnded(type, at) }
      const waiting: Filter<RecordDocument> = { _id: id, status: 'PENDING' }
      const cancelled = await collection.findOneAndUpdate(waiting, { $set: fields, $unset: CLOSED }, options)
      if (cancelled) return fromDocument(cancelled)
      const request = { $set: { cancelRequest, updatedAt: at } }
      const asked = await collection.findOneAndUpdate(before(id, 'cancel'), request, options)
      return asked && fromDocument(asked)
    },
    async endCancelled({ id, type }, at) {
      const asked = { ...before(id, 'cancel'), cancelRequest: { $exists: true } }
      const fields = { status: 'CANCELLED' as const, ...toEnded(type, at) }
      await collection.updateOne(asked, { $set: fields, $unset: CLOSED })
    },
  }
}

function before(id: string, action: JobAction): Filter<RecordDocument> {
  return { _id: id, status: { $in: [...statusesBefore(action)] } }
}
