import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { Collection, Db } from 'mongodb'
import { createDeadJobs, type LetterCollections } from './dead-letters/dead-jobs.ts'
import type { Registry } from './frame/job-definition.ts'
import type { Queues } from './frame/open-queues.ts'
import { type ClaimDocument, createClaims } from './orders/claims.ts'
import { createMongoJobRecords } from './records/mongo-job-records.ts'
import type { RecordCollection } from './records/record-document.ts'

export type JobCollections = LetterCollections &
  Readonly<{ jobRecords: RecordCollection; idempotencyKeys: Collection<ClaimDocument> }>
type Stores = Pick<Service, 'db' | 'mongo'> & Readonly<{ collections: JobCollections; outbox: Outbox; queues: Queues }>

/** The stores of every process that adds jobs or runs them. */
export function openJobStores({ db, mongo, collections, outbox, queues }: Stores, registry: Registry) {
  const records = createMongoJobRecords({ collection: collections.jobRecords, registry })
  const claims = createClaims({ queues, collection: collections.idempotencyKeys })
  const deadJobs = createDeadJobs({ mongo, collections, outbox, registry })
  return { records, claims, deadJobs, probeStore: () => probe(db) }
}

/** Rejects while the database is away. */
async function probe(db: Db): Promise<void> {
  await db.command({ ping: 1 })
}
