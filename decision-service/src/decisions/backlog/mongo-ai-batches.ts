import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, Db, MongoClient } from 'mongodb'
import { type Collections, toJob } from '../outbound/documents.ts'
import type { AiBatch } from './ai-batch.ts'
import type { AiBatches } from './ports.ts'

type AiBatchDocument = Omit<AiBatch, 'id'> & { _id: string }
type AiBatchCollection = Collection<AiBatchDocument>

/** Ended batches are kept this long. */
const KEPT_SECONDS = 90 * 24 * 60 * 60
const OPEN = ['CLAIMED' as const, 'SUBMITTED' as const]

export function aiBatchCollectionOf(db: Db): AiBatchCollection {
  return db.collection<AiBatchDocument>('ai_batches')
}

export async function prepareAiBatches(batches: AiBatchCollection, { jobs }: Pick<Collections, 'jobs'>): Promise<void> {
  await batches.createIndexes([
    { key: { status: 1, createdAt: 1 }, name: 'oldest_by_status' },
    { key: { endedAt: 1 }, name: 'expiry', expireAfterSeconds: KEPT_SECONDS },
  ])
  await jobs.createIndexes([{ key: { batchId: 1 }, name: 'by_batch', sparse: true }])
}

type Dependencies = Readonly<{ mongo: MongoClient; batches: AiBatchCollection; jobs: Collections['jobs'] }>

/** Batches in MongoDB. A batch and the claims it has on jobs change in one transaction. */
export function createMongoAiBatches({ mongo, batches, jobs }: Dependencies): AiBatches {
  /** Since before a moment, in nobody's hands, and in no batch before: what one could not decide, the next would not. */
  const waitingSince = (olderThan: Date) => ({
    status: 'PENDING' as const,
    createdAt: { $lt: olderThan },
    batchId: { $exists: false },
    batchFailed: { $exists: false },
  })

  return {
    async countWaiting({ olderThan, max }) {
      const found = await jobs
        .find(waitingSince(olderThan), { projection: { _id: 1 } })
        .limit(max)
        .toArray()
      return found.length
    },
    claim: ({ id, olderThan, jobsMax, now }, batched) =>
      inTransaction(mongo, async (session) => {
        const unhurried = { ...waitingSince(olderThan), 'case.priority': { $in: ['LOW' as const, 'NORMAL' as const] } }
        const found = await jobs.find(unhurried, { session }).sort({ createdAt: 1 }).limit(jobsMax).toArray()
        if (found.length === 0) return null
        const batch: AiBatch = {
          id,
          status: 'CLAIMED',
          jobs: found.map((document) => batched(toJob(document))),
          providerId: null,
          createdAt: now,
          submittedAt: null,
          endedAt: null,
        }
        await batches.insertOne(toDocument(batch), { session })
        // A worker that begins one of them at this moment conflicts, and one of the two starts over.
        await jobs.updateMany({ _id: { $in: found.map(({ _id }) => _id) } }, { $set: { batchId: id } }, { session })
        return batch
      }),
    async markSubmitted(id, providerId, at) {
      const change = { $set: { status: 'SUBMITTED' as const, providerId, submittedAt: at } }
      const { modifiedCount } = await batches.updateOne({ _id: id, status: 'CLAIMED' }, change)
      return modifiedCount === 1
    },
    close: (id, status, at) =>
      inTransaction(mongo, async (session) => {
        const change = { $set: { status, endedAt: at } }
        const { modifiedCount } = await batches.updateOne({ _id: id, status: { $in: OPEN } }, change, { session })
        if (modifiedCount === 0) return []
        const undecided = { batchId: id, status: { $in: ['PENDING' as const, 'PROCESSING' as const] } }
        const released = await jobs.find(undecided, { session }).toArray()
        const release = { $unset: { batchId: '' as const }, $set: { batchFailed: true as const } }
        await jobs.updateMany(undecided, release, { session })
        return released.map(({ batchId: _, ...document }) => toJob({ ...document, batchFailed: true }))
      }),
    async findOpen() {
      const found = await batches
        .find({ status: { $in: OPEN } })
        .sort({ createdAt: 1 })
        .toArray()
      return found.map(({ _id, ...rest }) => ({ id: _id, ...rest }))
    },
    async jobsOf({ jobs: batchedJobs }) {
      const found = await jobs.find({ _id: { $in: batchedJobs.map(({ jobId }) => jobId) } }).toArray()
      return found.map(toJob)
    },
  }
}

function toDocument({ id, ...rest }: AiBatch): AiBatchDocument {
  return { _id: id, ...rest }
}
