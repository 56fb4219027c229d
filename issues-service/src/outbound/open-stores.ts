import type { Outbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import type { DueHours } from '../domain/urgency.ts'
import { createBlindIndex } from './blind-index.ts'
import { COLLECTIONS, type Collections } from './collections.ts'
import { createEventLog } from './event-log.ts'
import { createMongoCustomersStore } from './mongo-customers-store.ts'
import { createIssuesTransactions, createMongoIssuesStore } from './mongo-issues-store.ts'
import { createMongoPersonalData } from './mongo-personal-data.ts'
import { createMongoTransactionsStore } from './mongo-transactions-store.ts'
import { createMongoViews } from './mongo-views.ts'

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  outbox: Outbox
  /** 64 hexadecimal characters each. */
  keys: Readonly<{ encryptionKey: string; blindIndexKey: string }>
  dueHours: DueHours
  now: Clock
}>

/** Creates the indexes that are missing, and everything that reads and writes the database of this service. */
export async function openStores({ mongo, db, outbox, keys, dueHours, now }: Options) {
  const collections = await openCollections(db, COLLECTIONS)
  await placeInReviewQueue(collections)
  const blindIndex = createBlindIndex(keys.blindIndexKey)
  const master = readMasterKey(keys.encryptionKey)
  const stores = { mongo, collections, outbox }
  return {
    collections,
    blindIndex,
    master,
    issues: createMongoIssuesStore(stores),
    issuesIn: createIssuesTransactions(stores),
    customers: createMongoCustomersStore({ ...stores, master, blindIndex }),
    transactions: createMongoTransactionsStore(stores),
    views: createMongoViews(collections, { blindIndex, dueHours, now }),
    personalData: createMongoPersonalData(collections, master),
    events: createEventLog(mongo, outbox),
  }
}

/** Gives those issues that wait for a person a place, which are older than the review queue: by their age alone. */
async function placeInReviewQueue({ issues }: Collections): Promise<void> {
  const unplaced = { status: 'AWAITING_REVIEW' as const, urgentAt: { $exists: false } }
  const found = issues.find(unplaced, { projection: { createdAt: 1 } })
  for await (const { _id, createdAt } of found)
    await issues.updateOne({ _id, ...unplaced }, { $set: { urgentAt: createdAt } })
}
