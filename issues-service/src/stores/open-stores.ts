import type { Outbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { type MasterKey, readMasterKey, unwrapDataKey } from '@redress/shared/stores/encryption.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, Filter, MongoClient } from 'mongodb'
import { createBlindIndex } from '../customers/blind-index.ts'
import { createMongoCustomersStore } from '../customers/mongo-customers-store.ts'
import { createMongoPersonalData, openPersonalData } from '../customers/mongo-personal-data.ts'
import type { BlindIndex } from '../customers/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import { createIssuesTransactions, createMongoIssuesStore } from '../issues/outbound/mongo-issues-store.ts'
import { createMongoTransactionsStore } from '../transactions/mongo-transactions-store.ts'
import { createMongoViews } from '../views/mongo-views.ts'
import { COLLECTIONS, type Collections, type CustomerDocument } from './collections.ts'
import { createEventLog } from './event-log.ts'

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

/** Gives those issues that wait for a person a place, which are older than the review queue: by their age alone. */
async function placeInReviewQueue({ issues }: Collections): Promise<void> {
  const unplaced = { status: 'AWAITING_REVIEW' as const, urgentAt: { $exists: false } }
  const found = issues.find(unplaced, { projection: { createdAt: 1 } })
  for await (const { _id, createdAt } of found)
    await issues.updateOne({ _id, ...unplaced }, { $set: { urgentAt: createdAt } })
}

/** Makes those customers known by their e-mail address that are older than the search by it, and not erased. */
async function indexEmails(
  { customers, dataKeys }: Collections,
  { blindIndex, master }: Readonly<{ blindIndex: BlindIndex; master: MasterKey }>,
): Promise<void> {
  // Null matches a missing field, too, and by an index; $exists does not in the embedded database.
  for await (const customer of customers.find({ emailIndex: null } as object as Filter<CustomerDocument>)) {
    const { _id, emailSealed } = customer
    const key = await dataKeys.findOne({ _id })
    if (key === null) continue
    const { email } = openPersonalData(customer, unwrapDataKey(key.wrapped, master, _id))
    // Not where the address was changed meanwhile, which has indexed it.
    await customers.updateOne({ _id, emailSealed }, { $set: { emailIndex: blindIndex.ofEmail(email) } })
  }
}
