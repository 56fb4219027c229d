import { writeConflict } from '../errors.ts'
import { textOf } from '../values/keys.ts'
import type { Catalog, Collection } from './catalog.ts'
import {
  applyChange,
  type Change,
  compareEntries,
  createWriter,
  type Difference,
  documentLock,
  keyLock,
  type Writer,
} from './change.ts'
import type { Entry } from './entries.ts'
import { duplicateId, duplicateKey } from './indexes.ts'
import type { Storage } from './storage.ts'
import type { Transaction, Transactions, Written } from './transactions.ts'

type Dependencies = Readonly<{ storage: Storage; transactions: Transactions }>
type Scope = Dependencies & Readonly<{ transaction: Transaction }>

/**
 * Writes into the overlay of a transaction, which only its own queries see, and locks what its commit will write.
 * @throws CommandError WriteConflict when another transaction holds a lock or has changed the document since this one
 * began, DuplicateKey when another document had the key before that.
 */
export function createTransactionWriter(dependencies: Dependencies, transaction: Transaction): Writer {
  const scope: Scope = { ...dependencies, transaction }
  return createWriter((change) => {
    const { collection, id, name, before } = change
    const overlay = overlayOf(transaction, collection)
    const own = overlay.get(name)
    scope.transactions.lock(transaction, documentLock(change))
    if (!own) refuseChanged(scope, change)
    else if (before === null && own.body !== null) throw duplicateId(collection.namespace, change.after!)

    const step = compareEntries(change)
    takeKeys(scope, change, step)
    const original = own ? own.original : before
    // The commit applies what the whole transaction makes of the document, not each of its steps.
    const difference = own ? compareEntries({ ...change, before: original }) : step
    overlay.set(name, { id, body: change.after, original, difference })
  })
}

function overlayOf({ overlay }: Transaction, { number }: Collection): Map<string, Written> {
  const known = overlay.get(number)
  if (known) return known
  const created = new Map<string, Written>()
  overlay.set(number, created)
  return created
}

/** A document that was changed after this transaction began makes the transaction too late. */
function refuseChanged({ storage, transaction }: Scope, { collection, id, before, after }: Change): void {
  const { snapshot } = transaction
  if (before !== null) {
    if (snapshot.isChanged(collection.number, id)) throw writeConflict()
  } else if (storage.get(collection.number, id)) {
    throw snapshot.get(collection.number, id) ? duplicateId(collection.namespace, after!) : writeConflict()
  }
}

/**
 * Locks the unique keys that a change takes or gives up, and notes them for the steps that follow: a key that one step
 * has given up is free for the next, although the storage still has it.
 */
function takeKeys({ storage, transactions, transaction }: Scope, change: Change, { added, removed }: Difference): void {
  const taken = added.filter(({ index }) => index.unique)
  for (const entry of taken) {
    transactions.lock(transaction, keyLock(entry))
    refuseTaken(storage, transaction, change, entry)
  }
  for (const entry of removed) {
    if (!entry.index.unique) continue
    transactions.lock(transaction, keyLock(entry))
    transaction.keys.set(keyLock(entry), null)
  }
  for (const entry of taken) transaction.keys.set(keyLock(entry), change.name)
}

function refuseTaken(
  storage: Storage,
  { keys, snapshot }: Transaction,
  { collection, name, after }: Change,
  entry: Entry,
) {
  const { index, key } = entry
  const noted = keys.get(keyLock(entry))
  if (noted !== undefined) {
    if (noted !== null && noted !== name) throw duplicateKey(index, collection.namespace, after!)
    return
  }
  const owner = storage.entry(index.number, key)
  if (!owner || textOf(owner) === name) return
  throw snapshot.entry(index.number, key) ? duplicateKey(index, collection.namespace, after!) : writeConflict()
}

/** Makes what a transaction wrote the present. Nothing can be in its way, because of its locks. */
export function applyTransaction(
  stores: Readonly<{ storage: Storage; catalog: Catalog }>,
  transaction: Transaction,
): void {
  const written = [...transaction.overlay].flatMap(([number, documents]) => {
    const collection = stores.catalog.byNumber(number)
    return collection ? [...documents.values()].map((one) => ({ collection, one })) : [] // Dropped in the meantime.
  })
  // All keys are removed before any is added, because a key may move from one document to another.
  for (const { one } of written) {
    for (const { index, key } of one.difference.removed) stores.storage.removeEntry(index.number, key, one.id)
  }
  for (const { collection, one } of written) {
    const { id, original: before, body: after, difference } = one
    applyChange(stores, { collection, id, before, after }, { ...difference, removed: [] })
  }
}
