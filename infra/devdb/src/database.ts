import { encode, type Fields } from './bson.ts'
import { type Catalog, type Collection, openCatalog } from './catalog.ts'
import { type Cursors, createCursors } from './cursors.ts'
import type { View } from './query.ts'
import { openStorage, type Storage } from './storage.ts'
import { createTransactions, type Transaction, type Transactions } from './transactions.ts'
import { createPlainWriter, createTransactionWriter, NotNowError, type Writer } from './writer.ts'

/** How many operations of each kind were done, as MongoDB counts them. */
export type OperationCounts = {
  insert: number
  query: number
  update: number
  delete: number
  getmore: number
  command: number
}

export type Database = Readonly<{
  storage: Storage
  catalog: Catalog
  transactions: Transactions
  cursors: Cursors
  counts: OperationCounts
  refuseScans: boolean
  startedAt: Date
  close(): void
}>

export function openDatabase(path: string, { refuseScans }: { refuseScans: boolean }): Database {
  const storage = openStorage(path)
  const catalog = openCatalog(storage)
  const transactions = createTransactions(storage)
  const cursors = createCursors()
  return {
    storage,
    catalog,
    transactions,
    cursors,
    counts: { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 },
    refuseScans,
    startedAt: new Date(),
    close() {
      cursors.close()
      transactions.close()
      storage.close()
    },
  }
}

/** What one command works with: the present, or the view of the transaction that it belongs to. */
export type Context = Readonly<{
  database: Database
  name: string
  transaction: Transaction | null
  view: View
  writer: Writer
  find(collection: string): Collection | null
  getOrCreate(collection: string): Collection
}>

export function createContext(database: Database, name: string, transaction: Transaction | null): Context {
  const { storage, catalog, refuseScans } = database
  return {
    database,
    name,
    transaction,
    view: transaction
      ? { reader: transaction.snapshot, overlay: transaction.overlay, refuseScans }
      : { reader: storage, overlay: null, refuseScans },
    writer: transaction ? createTransactionWriter(database, transaction) : createPlainWriter(database),
    find: (collection) => catalog.find(`${name}.${collection}`),
    getOrCreate: (collection) => catalog.getOrCreate(`${name}.${collection}`),
  }
}

/** Runs one write; where a running transaction is in the way, waits for it to end, and tells the write that it did. */
export async function whenFree(write: (waited: boolean) => void | Promise<void>): Promise<void> {
  for (let waited = false; ; waited = true) {
    try {
      return await write(waited)
    } catch (error) {
      if (!(error instanceof NotNowError)) throw error
      await error.over
    }
  }
}

/** An answer kept for a driver that asks again because it did not hear it. */
export function keepReply({ storage }: Database, session: Uint8Array, number: number, reply: Fields): void {
  storage.keepReply(session, number, encode(reply))
}
