import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, Collection, MongoClient } from 'mongodb'
import type { DecisionJob } from '../domain/job.ts'
import { type DecisionCollections, toJob } from '../outbound/documents.ts'
import type { AiBatch, BatchedJob } from './ai-batch.ts'
import type { AiBatches, Claim } from './ports.ts'

export type AiBatchDocument = Omit<AiBatch, 'id'> & { _id: string }

const OPEN = ['CLAIMED' as const, 'SUBMITTED' as const]

export type BacklogCollections = Readonly<{ aiBatches: Collection<AiBatchDocument> }> &
  Pick<DecisionCollections, 'jobs'>
type Dependencies = Readonly<{ mongo: MongoClient; collections: BacklogCollections }>

/** Batches in MongoDB. A batch and the claims it has on jobs change in one transaction. */
export function createMongoAiBatches({ mongo, collections }: Dependencies): AiBatches {
  const { aiBatches: batches, jobs } = collections
  return {
    async countWaiting({ olderThan, max }) {
      const waiting = jobs.find(waitingSince(olderThan), { projection: { _id: 1 } })
      return (await waiting.limit(max).toArray()).length
    },
    claim: (claim, batched) => inTransaction(mongo, (session) => claimJobs(collections, session, claim, batched)),
    async markSubmitted(id, providerId, at) {
      const change = { $set: { status: 'SUBMITTED' as const, providerId, submittedAt: at } }
      const { modifiedCount } = await batches.updateOne({ _id: id, status: 'CLAIMED' }, change)
      return modifiedCount === 1
    },
    close: (id, status, at) =>
      inTransaction(mongo, async (session) => {
        const change = { $set: { status, endedAt: at } }
        const { modifiedCount } = await batches.updateOne({ _id: id, status: { $in: OPEN } }, change, { session })
        return modifiedCount === 0 ? [] : releaseJobs(collections, session, id)
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

/** Waiting since before a moment, and never in a batch before: what one could not decide, the next would not either. */
const waitingSince = (olderThan: Date) => ({
  status: 'PENDING' as const,
  createdAt: { $lt: olderThan },
  batchId: { $exists: false },
  batchFailed: { $exists: false },
})

async function claimJobs(
  { aiBatches: batches, jobs }: BacklogCollections,
  session: ClientSession,
  { id, olderThan, jobsMax, now }: Claim,
  batched: (job: DecisionJob) => BatchedJob,
): Promise<AiBatch | null> {
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
}

async function releaseJobs({ jobs }: BacklogCollections, session: ClientSession, id: string) {
  const undecided = { batchId: id, status: { $in: ['PENDING' as const, 'PROCESSING' as const] } }
  const released = await jobs.find(undecided, { session }).toArray()
  const release = { $unset: { batchId: '' as const }, $set: { batchFailed: true as const } }
  await jobs.updateMany(undecided, release, { session })
  return released.map(({ batchId: _, ...document }) => toJob({ ...document, batchFailed: true }))
}

function toDocument({ id, ...rest }: AiBatch): AiBatchDocument {
  return { _id: id, ...rest }
}
