import { type Cursors, createCursors } from './protocol/cursors.ts'
import { createRetries, type Retries } from './protocol/retries.ts'
import { createTally, type Tally } from './protocol/tally.ts'
import type { View } from './queries/query.ts'
import { type Catalog, type Collection, openCatalog } from './storage/catalog.ts'
import type { Writer } from './storage/change.ts'
import type { OpenFile } from './storage/file.ts'
import { createPlainWriter, LockedError } from './storage/plain-writer.ts'
import { openStorage, type Storage } from './storage/storage.ts'
import { createTransactionWriter } from './storage/transaction-writer.ts'
import { createTransactions, type Transaction, type Transactions } from './storage/transactions.ts'

/** Numbers of operations by kind, as in MongoDB's serverStatus. */
export type OperationCounts = {
  insert: number
  query: number
  update: number
  delete: number
  getmore: number
  command: number
}

export type Database = Readonly<{
  path: string
  storage: Storage
  catalog: Catalog
  transactions: Transactions
  cursors: Cursors
  retries: Retries
  counts: OperationCounts
  refuseScans: boolean
  startedAt: Date
  /** Makes all writes so far durable. @throws CommandError when they were undone instead. */
  commit(): void
  close(): void
}>

type DatabaseOptions = Readonly<{
  refuseScans: boolean
  transactionLifeMs?: number | undefined
  openFile?: OpenFile | undefined
}>

/** @throws FileInUseError */
export function openDatabase(path: string, options: DatabaseOptions): Database {
  const { refuseScans, transactionLifeMs, openFile } = options
  const storage = openStorage(path, openFile)
  const catalog = openCatalog(storage)
  const transactions: Transactions = createTransactions(storage, {
    lifeMs: transactionLifeMs,
    onAborted: ({ created }) => dropUnused({ catalog, storage, transactions }, created),
  })
  const cursors = createCursors()
  const retries = createRetries(storage)
  return {
    path,
    storage,
    catalog,
    transactions,
    cursors,
    retries,
    counts: { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 },
    refuseScans,
    startedAt: new Date(),
    commit() {
      retries.keepProgress()
      storage.commit()
    },
    close() {
      cursors.close()
      transactions.close()
      storage.close()
    },
  }
}

/** The view and the writer of one command: the present, or those of its transaction. */
export type Context = Readonly<{
  database: Database
  name: string
  transaction: Transaction | null
  view: View
  tally: Tally
  writer: Writer
  find(collection: string): Collection | null
  getOrCreate(collection: string): Collection
  /** Ends the transaction and discards its writes. */
  abort(): void
}>

export function createContext(database: Database, name: string, transaction: Transaction | null): Context {
  const { storage, catalog, refuseScans, transactions } = database
  return {
    database,
    name,
    transaction,
    view: transaction
      ? { reader: transaction.snapshot, overlay: transaction.overlay, refuseScans }
      : { reader: storage, overlay: null, refuseScans },
    tally: createTally(),
    writer: transaction ? createTransactionWriter(database, transaction) : createPlainWriter(database),
    find: (collection) => catalog.find(`${name}.${collection}`),
    getOrCreate: (collection) => getOrCreate(catalog, `${name}.${collection}`, transaction),
    abort: () => transaction?.isOver() === false && transactions.end(transaction.session),
  }
}

/** A collection that a transaction creates is dropped with it, unless others have begun to use it. */
function getOrCreate(catalog: Catalog, namespace: string, transaction: Transaction | null): Collection {
  const known = catalog.find(namespace)
  if (!known) transaction?.created.push(namespace)
  return known ?? catalog.getOrCreate(namespace)
}

type Stores = Pick<Database, 'catalog' | 'storage' | 'transactions'>

function dropUnused({ catalog, storage, transactions }: Stores, namespaces: readonly string[]): void {
  for (const namespace of namespaces) {
    const collection = catalog.find(namespace)
    if (!collection || collection.indexes.length > 0 || storage.countDocuments(collection.number) > 0) continue
    if (transactions.writersOf(collection.number).length === 0) catalog.drop(namespace)
  }
}

/** Runs one write, at once if it can. While a running transaction holds a lock that it needs, waits and tries again. */
export function whenFree<T>(write: () => T): T | Promise<T> {
  try {
    return write()
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return error.over.then(() => whenFree(write))
  }
}

/** Waits until no running transaction has uncommitted writes in a collection. */
export async function whenUnwritten({ transactions }: Database, { number }: Collection): Promise<void> {
  for (;;) {
    const writers = transactions.writersOf(number)
    if (writers.length === 0) return
    await Promise.all(writers.map(({ over }) => over))
  }
}
