import { decode, encode, type Fields } from './bson.ts'
import type { Catalog, Collection } from './catalog.ts'
import { CommandError, writeConflict } from './errors.ts'
import { duplicateKey, type Entry, entriesOf, type Index } from './indexes.ts'
import { encodeKey } from './keys.ts'
import { type Found, hex } from './query.ts'
import type { Storage } from './storage.ts'
import type { Transaction, Transactions } from './transactions.ts'

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** Stores one document after the other, with its index entries. Each call does all of it or throws before doing any. */
export type Writer = Readonly<{
  insert(collection: Collection, fields: Fields): void
  replace(collection: Collection, before: Found, fields: Fields): void
  remove(collection: Collection, before: Found): void
}>

/** A plain write met a lock of a running transaction; it may go on when that is over. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly over: Promise<void>

  constructor(over: Promise<void>) {
    super('Locked by a running transaction.')
    this.over = over
  }
}

type Written = Map<string, Found | Readonly<{ id: Uint8Array; body: null }>>
type Dependencies = Readonly<{ storage: Storage; catalog: Catalog; transactions: Transactions }>

/** One change of one document: from what was there to what shall be there; null for nothing. */
type Change = Readonly<{ collection: Collection; id: Buffer; before: Fields | null; after: Fields | null }>

const documentLock = ({ number }: Collection, id: Uint8Array) => `d${number}:${hex(id)}`
const keyLock = ({ index, key }: Entry) => `k${index.number}:${hex(key)}`

export function createPlainWriter(dependencies: Dependencies): Writer {
  const { storage, transactions } = dependencies
  const refuseLocked = (name: string) => {
    const holder = transactions.holderOf(name)
    if (holder) throw new LockedError(holder.over)
  }
  return toWriter((change) => {
    const { collection, id } = change
    refuseLocked(documentLock(collection, id))
    if (change.before === null && storage.get(collection.number, id)) throw duplicateId(collection, change.after!)
    const difference = compareEntries(change)
    for (const entry of difference.added.filter(({ index }) => index.unique)) {
      refuseLocked(keyLock(entry))
      const owner = storage.entry(entry.index.number, entry.key)
      if (owner && hex(owner) !== hex(id)) throw duplicateKey(entry.index, collection.namespace, change.after!)
    }
    apply(dependencies, change, difference)
  })
}

/** Writes into the transaction's own overlay, and locks what it will write. */
export function createTransactionWriter(dependencies: Dependencies, transaction: Transaction): Writer {
  const { storage, transactions } = dependencies
  const overlayOf = ({ number }: Collection): Written => {
    const known = transaction.overlay.get(number)
    if (known) return known
    const created: Written = new Map()
    transaction.overlay.set(number, created)
    return created
  }
  /** Somebody else has changed the document since this transaction began. */
  const refuseChanged = ({ number }: Collection, id: Buffer) => {
    const seen = transaction.snapshot.get(number, id)
    const present = storage.get(number, id)
    if (seen === null ? present !== null : present === null || Buffer.compare(seen, present) !== 0)
      throw writeConflict()
  }
  const refuseTaken = ({ collection, id, after }: Change, entry: Entry) => {
    const { index, key } = entry
    for (const written of overlayOf(collection).values()) {
      if (written.body === null || hex(written.id) === hex(id)) continue
      const clashes = entriesOf(index, written.fields, Buffer.from(written.id)).some((other) => other.key.equals(key))
      if (clashes) throw duplicateKey(index, collection.namespace, after!)
    }
    const owner = storage.entry(index.number, key)
    if (!owner || hex(owner) === hex(id)) return
    const own = overlayOf(collection).get(hex(owner))
    if (own) return // What it owned before was changed or deleted here; its new keys were compared above.
    throw transaction.snapshot.entry(index.number, key)
      ? duplicateKey(index, collection.namespace, after!)
      : writeConflict()
  }

  return toWriter((change) => {
    const { collection, id, after } = change
    const overlay = overlayOf(collection)
    const own = overlay.get(hex(id))
    transactions.lock(transaction, documentLock(collection, id))
    if (!own) {
      if (change.before === null && transaction.snapshot.get(collection.number, id))
        throw duplicateId(collection, after!)
      refuseChanged(collection, id)
    } else if (change.before === null && own.body !== null) throw duplicateId(collection, after!)

    for (const entry of compareEntries(change).added.filter(({ index }) => index.unique)) {
      transactions.lock(transaction, keyLock(entry))
      refuseTaken(change, entry)
    }
    overlay.set(hex(id), after === null ? { id, body: null } : { id, body: encodeDocument(after), fields: after })
  })
}

/** Makes what a transaction wrote the present. Its locks have kept everything in its way out. */
export function applyTransaction(
  dependencies: Dependencies,
  transaction: Transaction,
  collections: ReadonlyMap<number, Collection>,
): void {
  const { storage } = dependencies
  const changes: Change[] = []
  for (const [number, documents] of transaction.overlay) {
    const collection = collections.get(number)
    if (!collection) continue // Dropped in the meantime.
    for (const { id, ...written } of documents.values()) {
      const present = storage.get(number, id)
      const after = written.body === null ? null : (written as Found).fields
      changes.push({ collection, id: Buffer.from(id), before: present && decode(present), after })
    }
  }
  const compared = changes.map((change) => ({ change, ...compareEntries(change) }))
  // A key that moves from one document to another is taken away before it is given.
  for (const { removed } of compared) for (const { index, key } of removed) storage.removeEntry(index.number, key)
  for (const { change, ...difference } of compared) apply(dependencies, change, { ...difference, removed: [] })
}

function toWriter(write: (change: Change) => void): Writer {
  return {
    insert: (collection, fields) => write({ collection, id: encodeKey(fields._id), before: null, after: fields }),
    replace: (collection, before, fields) =>
      write({ collection, id: Buffer.from(before.id), before: decode(before.body), after: fields }),
    remove: (collection, before) =>
      write({ collection, id: Buffer.from(before.id), before: decode(before.body), after: null }),
  }
}

/** `arrays` are the indexes into which the document puts several entries. */
type Difference = Readonly<{ added: readonly Entry[]; removed: readonly Entry[]; arrays: readonly Index[] }>

/** Only what differs is written: most updates leave most indexes alone. */
function compareEntries({ collection, id, before, after }: Change): Difference {
  const added: Entry[] = []
  const removed: Entry[] = []
  const arrays: Index[] = []
  for (const index of collection.indexes) {
    const old = before === null ? [] : entriesOf(index, before, id)
    const fresh = after === null ? [] : entriesOf(index, after, id)
    if (fresh.length > 1) arrays.push(index)
    removed.push(...old.filter(({ key }) => !fresh.some((entry) => entry.key.equals(key))))
    added.push(...fresh.filter(({ key }) => !old.some((entry) => entry.key.equals(key))))
  }
  return { added, removed, arrays }
}

function apply(
  { storage, catalog }: Dependencies,
  { collection, id, after }: Change,
  { added, removed, arrays }: Difference,
): void {
  for (const { index, key } of removed) storage.removeEntry(index.number, key)
  if (after === null) storage.remove(collection.number, id)
  else storage.put(collection.number, id, encodeDocument(after))
  for (const { index, key } of added) storage.putEntry(index.number, key, id)
  for (const index of arrays) catalog.noteArray(collection, index)
}

function encodeDocument(fields: Fields): Uint8Array {
  const body = encode(fields)
  if (body.length > DOCUMENT_BYTES_MAX)
    throw new CommandError(10334, `Document of ${body.length} bytes is larger than 16 MiB`)
  return body
}

function duplicateId({ namespace }: Collection, { _id }: Fields): CommandError {
  const shown = typeof _id === 'string' ? JSON.stringify(_id) : String(_id)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: _id_ dup key: { _id: ${shown} }`,
    {
      facts: { keyPattern: { _id: 1 }, keyValue: { _id } },
    },
  )
}
