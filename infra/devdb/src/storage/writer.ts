import { CommandError, writeConflict } from '../errors.ts'
import { type Found, hex } from '../queries/query.ts'
import { encode, type Fields } from '../values/bson.ts'
import { encodeKey } from '../values/keys.ts'
import type { Catalog, Collection } from './catalog.ts'
import { duplicateId, duplicateKey, type Entry, entriesOf, type Index } from './indexes.ts'
import type { Storage } from './storage.ts'
import type { Transaction, Transactions, Written } from './transactions.ts'

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** Stores one document after the other, with its index entries. Each call does all of it or throws before doing any. */
export type Writer = Readonly<{
  insert(collection: Collection, fields: Fields): void
  /** Returns whether that makes a difference. */
  replace(collection: Collection, before: Found, fields: Fields): boolean
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

type Dependencies = Readonly<{ storage: Storage; catalog: Catalog; transactions: Transactions }>
/** One change of one document: from what was there to what shall be there; null for nothing. */
type Change = Readonly<{
  collection: Collection
  id: Buffer
  before: Fields | null
  /** The bytes of `before` as they were read. */
  read: Uint8Array | null
  after: Fields | null
  /** `after` as it is stored. */
  body: Uint8Array | null
}>

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
    if (change.before === null && storage.get(collection.number, id))
      throw duplicateId(collection.namespace, change.after!)
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
  const overlayOf = ({ number }: Collection): Map<string, Written> => {
    const known = transaction.overlay.get(number)
    if (known) return known
    const created = new Map<string, Written>()
    transaction.overlay.set(number, created)
    return created
  }
  /** Somebody else may have changed a document since this transaction began: then this one is too late. */
  const refuseChanged = ({ collection, id, read, after }: Change) => {
    const present = storage.get(collection.number, id)
    if (read === null) {
      if (present === null) return
      const known = transaction.snapshot.get(collection.number, id)
      throw known ? duplicateId(collection.namespace, after!) : writeConflict()
    }
    if (present === null || Buffer.compare(read, present) !== 0) throw writeConflict()
  }
  const refuseTaken = ({ collection, id, after }: Change, entry: Entry) => {
    const { index, key } = entry
    const given = transaction.keys.get(keyLock(entry))
    if (given !== undefined) {
      if (given !== null && given !== hex(id)) throw duplicateKey(index, collection.namespace, after!)
      return
    }
    const owner = storage.entry(index.number, key)
    if (!owner || hex(owner) === hex(id)) return
    throw transaction.snapshot.entry(index.number, key)
      ? duplicateKey(index, collection.namespace, after!)
      : writeConflict()
  }

  return toWriter((change) => {
    const { collection, id, after, body } = change
    const overlay = overlayOf(collection)
    const own = overlay.get(hex(id))
    transactions.lock(transaction, documentLock(collection, id))
    if (!own) refuseChanged(change)
    else if (change.before === null && own.body !== null) throw duplicateId(collection.namespace, after!)

    const step = compareEntries(change)
    const { added, removed } = step
    const taken = added.filter(({ index }) => index.unique)
    for (const entry of taken) {
      transactions.lock(transaction, keyLock(entry))
      refuseTaken(change, entry)
    }
    for (const entry of removed) {
      if (!entry.index.unique) continue
      transactions.lock(transaction, keyLock(entry))
      transaction.keys.set(keyLock(entry), null)
    }
    for (const entry of taken) transaction.keys.set(keyLock(entry), hex(id))
    const original = own ? own.original : change.before
    // What the whole transaction makes of the document, not only its last step.
    const difference = own ? compareEntries({ ...change, before: original }) : step
    const state = after === null ? ({ body: null } as const) : { body: body!, fields: after }
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
    insert: (collection, after) =>
      write({ collection, id: encodeKey(after._id), before: null, read: null, after, body: encodeDocument(after) }),
    replace(collection, { id, body: stored, fields: before }, after) {
      const body = encodeDocument(after)
      if (Buffer.compare(stored, body) === 0) return false
      write({ collection, id: toBuffer(id), before, read: stored, after, body })
      return true
    },
    remove: (collection, { id, body: read, fields: before }) =>
      write({ collection, id: toBuffer(id), before, read, after: null, body: null }),
  }
}

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

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

function apply(
  { storage, catalog }: Dependencies,
  { collection, id, body }: Pick<Change, 'collection' | 'body'> & { id: Uint8Array },
  { added, removed, arrays }: Difference,
): void {
  for (const { index, key } of removed) storage.removeEntry(index.number, key)
  if (body === null) storage.remove(collection.number, id)
  else storage.put(collection.number, id, body)
  for (const { index, key } of added) storage.putEntry(index.number, key, id)
  for (const index of arrays) catalog.noteArray(collection, index)
}

function encodeDocument(fields: Fields): Uint8Array {
  const body = encode(fields)
  if (body.length > DOCUMENT_BYTES_MAX)
    throw new CommandError(10334, `Document of ${body.length} bytes is larger than 16 MiB`)
  return body
}
