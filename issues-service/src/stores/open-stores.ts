import type { Outbox } from '@redress/shared/events/outbox.ts'
import { openDatabase } from '@redress/shared/service/open-database.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { readMasterKeys } from '@redress/shared/stores/encryption.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession } from 'mongodb'
import { createAddRun, createMongoArchive } from '../archive/mongo-archive.ts'
import { createBlindIndex } from '../customers/blind-index.ts'
import { createCustomersTransactions, createMongoCustomersStore } from '../customers/mongo-customers-store.ts'
import { createMongoPersonalData } from '../customers/mongo-personal-data.ts'
import { createImportViews, createMongoImportsStore } from '../imports/mongo-imports-store.ts'
import type { JoinedStores } from '../imports/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import { createIssuesTransactions, createMongoIssuesStore } from '../issues/outbound/mongo-issues-store.ts'
import { createMongoStuckIssues } from '../issues/outbound/mongo-stuck-issues.ts'
import { createErasuresTransactions, createMongoErasures } from '../privacy/mongo-erasures.ts'
import {
  createMongoTransactionsStore,
  createTransactionsTransactions,
} from '../transactions/mongo-transactions-store.ts'
import { createMongoViews } from '../views/mongo-views.ts'
import { COLLECTIONS } from './collections.ts'
import { createEventLog } from './event-log.ts'
import { createMigrations } from './migrations/migrations.ts'

type Options = Readonly<{
  service: Pick<Service, 'mongo' | 'db' | 'logger'>
  outbox: Outbox
  /** 64 hexadecimal characters each. */
  keys: Readonly<{ encryptionKey: string; previousEncryptionKeys?: readonly string[]; blindIndexKey: string }>
  dueHours: DueHours
  now: Clock
}>

/** Everything that reads and writes the database of this service, after it was migrated. */
export async function openStores({ service, outbox, keys, dueHours, now }: Options) {
  const blindIndex = createBlindIndex(keys.blindIndexKey)
  const master = readMasterKeys(keys)
  const migrations = createMigrations({ blindIndex, master })
  const collections = await openDatabase(service, { definitions: COLLECTIONS, migrations })
  const { mongo } = service
  const stores = { mongo, collections, outbox }
  const issuesIn = createIssuesTransactions(stores)
  const customersIn = createCustomersTransactions({ ...stores, master, blindIndex })
  const transactionsIn = createTransactionsTransactions(stores)
  const joinedIn = (session: ClientSession): JoinedStores => ({
    issues: { transact: (tenant, work) => work(issuesIn(session, tenant)) },
    customers: { transact: (tenant, work) => work(customersIn(session, tenant)) },
    transactions: { transact: (tenant, work) => work(transactionsIn(session, tenant)) },
  })
  return {
    collections,
    blindIndex,
    master,
    issues: createMongoIssuesStore(stores),
    issuesIn,
    customers: createMongoCustomersStore({ ...stores, master, blindIndex }),
    transactions: createMongoTransactionsStore(stores),
    stuckIssues: createMongoStuckIssues(collections),
    viewsOf: createMongoViews(collections, { blindIndex, dueHours, now }),
    imports: createMongoImportsStore({ mongo, collections, joinedIn }),
    importViewsOf: createImportViews(collections),
    personalData: createMongoPersonalData(collections, master),
    events: createEventLog(mongo, outbox),
    archive: createMongoArchive(stores),
    erasures: createMongoErasures(stores),
    erasuresIn: createErasuresTransactions(stores),
    addArchiveRun: createAddRun(stores),
  }
}
