import type { Collection, Db } from 'mongodb'
import type { JobCollections } from '../open-job-stores.ts'
import { createCleanUp, type OldData } from './clean-up.ts'

type Named = Pick<Collection, 'collectionName'>
type Stores = Readonly<{ db: Db; collections: JobCollections & Readonly<{ analyticsEvents: Named }> }>

/** The processor of `cleanup-old-data`. */
export function openCleanUp({ db, collections }: Stores) {
  const { jobRecords, idempotencyKeys, analyticsEvents } = collections
  const collectionOf = ({ collectionName }: Named) => db.collection<{ _id: string }>(collectionName)
  const oldData: OldData = {
    jobs: {
      collection: collectionOf(jobRecords),
      olderThan: (moment) => ({ createdAt: { $lt: moment }, endedAt: { $exists: true } }),
    },
    // The key of a job that is still open keeps it from being added twice. All are read, in the order of their ids: an
    // index by age would slow each new key down, for the sake of a job that runs at night.
    idempotency_keys: {
      collection: collectionOf(idempotencyKeys),
      olderThan: (moment) => ({ _id: { $gte: '' }, createdAt: { $lt: moment }, status: { $ne: 'IN_PROGRESS' } }),
    },
    // Events reported by clients, not the facts of decisions, which statistics are made of.
    analytics: {
      collection: collectionOf(analyticsEvents),
      olderThan: (moment) => ({ trackedAt: { $lt: moment } }),
    },
  }
  return createCleanUp({ oldData, now: () => new Date() })
}
