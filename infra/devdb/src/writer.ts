import { encode, type Fields } from './bson.ts'
import type { Catalog, Collection } from './catalog.ts'
import { CommandError, writeConflict } from './errors.ts'
import { duplicateKey, type Entry, entriesOf, type Index } from './indexes.ts'
import { encodeKey } from './keys.ts'
import { type Found, hex } from './query.ts'
import type { Storage } from './storage.ts'
import type { Transaction, Transactions, Written } from './transactions.ts'

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** Stores one document after the other, with its index entries. Each call does all of it or throws before doing any. */
export type Writer = Readonly<{
  insert(collection: Collection, fields: Fields): void
  replace(collection: Collection, before: Found, fields: Fields): void
  remove(collection: Collection, before: Found): void
}>

/** A plain write met a lock of a running transaction, or a document that has changed since it was read: look again. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError'
  /** Resolves when there is nothing more to wait for. */
  readonly over: Promise<void>

  constructor(over: Promise<void>) {
    super('The document is locked, or not as it was read.')
    this.over = over
  }
}

type Dependencies = Readonly<{ storage: Storage; catalog: Catalog; transactions: Transactions }>

/** One change of one document: from what was there to what shall be there; null for nothing. */
type Change = Readonly<{
  collection: Collection
  id: Buffer
  before: Fields | null
  /** The bytes of `before` as they were read. */
  read: Uint8Array | null
  after: Fields | null
}>

const documentLock = ({ number }: Collection, id: Uint8Array) => `d${number}:${hex(id)}`
const keyLock = ({ index, key }: Entry) => `k${index.number}:${hex(key)}`

export function createPlainWriter(dependencies: Dependencies): Writer {
  const { storage, transactions } = dependencies
  const refuseLocked = (name: string) => {
    const holder = transactions.holderOf(name)
    if (holder) throw new NotNowError(holder.over)
  }
  return toWriter((change) => {
    const { collection, id } = change
    refuseLocked(documentLock(collection, id))
    const present = storage.get(collection.number, id)
    if (change.before === null) {
      if (present) throw duplicateId(collection, change.after!)
    } else if (!present || Buffer.compare(present, change.read!) !== 0) throw new NotNowError(Promise.resolve())
    const difference = compareEntries(change)
    for (const entry of difference.added.filter(({ index }) => index.unique)) {
      refuseLocked(keyLock(entry))
      const owner = storage.entry(entry.index.number, entry.key)
      if (owner && hex(owner) !== hex(id)) throw duplicateKey(entry.index, collection.namespace, change.after!)
    }
    const body = change.after === null ? null : encodeDocument(change.after)
    apply(dependencies, { collection, id, body }, difference)
  })
}

/** Writes into the transaction's own overlay, and locks what it will write. */
export function createTransactionWriter(dependencies: Dependencies, transaction: Transaction): Writer {
  const { storage, transactions } = dependencies
  const { snapshot, ownKeys } = transaction
  const overlayOf = ({ number }: Collection): Map<string, Written> => {
    const known = transaction.overlay.get(number)
    if (known) return known
    const created = new Map<string, Written>()
    transaction.overlay.set(number, created)
    return created
  }
  /** Somebody else may have changed a document since the transaction began: then this one is too late. */
  const refuseChanged = ({ collection, id, read, after }: Change) => {
    const present = storage.get(collection.number, id)
    if (read === null) {
      if (present === null) return
      throw snapshot.get(collection.number, id) ? duplicateId(collection, after!) : writeConflict()
    }
    if (present === null || Buffer.compare(read, present) !== 0) throw writeConflict()
  }
  const takeKey = ({ collection, id, after }: Change, entry: Entry) => {
    const { index, key } = entry
    const name = keyLock(entry)
    transactions.lock(transaction, name)
    const own = ownKeys.get(name)
    if (own !== undefined && own !== hex(id)) throw duplicateKey(index, collection.namespace, after!)
    const owner = storage.entry(index.number, key)
    // An owner that this transaction has written would stand in `ownKeys` if it still had the key.
    if (owner && hex(owner) !== hex(id) && !overlayOf(collection).has(hex(owner))) {
      const known = snapshot.entry(index.number, key)
      throw known ? duplicateKey(index, collection.namespace, after!) : writeConflict()
    }
    ownKeys.set(name, hex(id))
  }

  return toWriter((change) => {
    const { collection, id, after } = change
    const overlay = overlayOf(collection)
    const own = overlay.get(hex(id))
    transactions.lock(transaction, documentLock(collection, id))
    if (!own) refuseChanged(change)
    else if (change.before === null && own.body !== null) throw duplicateId(collection, after!)

    const original = own ? own.original : change.before
    const difference = compareEntries({ ...change, before: original })
    for (const entry of own?.difference.added ?? []) if (entry.index.unique) ownKeys.delete(keyLock(entry))
    for (const entry of difference.added) if (entry.index.unique) takeKey(change, entry)
    const state = after === null ? ({ body: null } as const) : { body: encodeDocument(after), fields: after }
    overlay.set(hex(id), { id, original, difference, ...state })
  })
}

/** Makes what a transaction wrote the present. Its locks have kept everything in its way out. */
export function applyTransaction(
  dependencies: Dependencies,
  transaction: Transaction,
  collections: ReadonlyMap<number, Collection>,
): void {
  const { storage } = dependencies
  const written = [...transaction.overlay].flatMap(([number, documents]) => {
    const collection = collections.get(number)
    return collection ? [...documents.values()].map((one) => ({ collection, one })) : [] // Dropped in the meantime.
  })
  // A key that moves from one document to another is taken away before it is given.
  for (const { one } of written) {
    for (const { index, key } of one.difference.removed) storage.removeEntry(index.number, key)
  }
  for (const { collection, one } of written) {
    apply(dependencies, { collection, id: one.id, body: one.body }, { ...one.difference, removed: [] })
  }
}

function toWriter(write: (change: Change) => void): Writer {
  return {
    insert: (collection, fields) =>
      write({ collection, id: encodeKey(fields._id), before: null, read: null, after: fields }),
    replace: (collection, before, fields) =>
      write({ collection, id: Buffer.from(before.id), before: before.fields, read: before.body, after: fields }),
    remove: (collection, before) =>
      write({ collection, id: Buffer.from(before.id), before: before.fields, read: before.body, after: null }),
  }
}

/** `arrays` are the indexes into which the document puts several entries. */
export type Difference = Readonly<{ added: readonly Entry[]; removed: readonly Entry[]; arrays: readonly Index[] }>

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

type State = Readonly<{ collection: Collection; id: Uint8Array; body: Uint8Array | null }>

function apply({ storage, catalog }: Dependencies, { collection, id, body }: State, difference: Difference): void {
  for (const { index, key } of difference.removed) storage.removeEntry(index.number, key)
  if (body === null) storage.remove(collection.number, id)
  else storage.put(collection.number, id, body)
  for (const { index, key } of difference.added) storage.putEntry(index.number, key, id)
  for (const index of difference.arrays) catalog.noteArray(collection, index)
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
