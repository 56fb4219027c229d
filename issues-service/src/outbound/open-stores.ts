import type { Outbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import type { DueHours } from '../domain/urgency.ts'
import { createBlindIndex } from './blind-index.ts'
import { COLLECTIONS } from './collections.ts'
import { createEventLog } from './event-log.ts'
import { indexEmails, placeInReviewQueue } from './migrate.ts'
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
  await indexEmails(collections, { blindIndex, master })
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
