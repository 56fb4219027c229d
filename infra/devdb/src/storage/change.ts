import { CommandError } from '../errors.ts'
import type { Found } from '../queries/query.ts'
import { encode, type Fields } from '../values/bson.ts'
import { encodeKey, textOf } from '../values/keys.ts'
import type { Catalog, Collection } from './catalog.ts'
import { type Entry, entriesOf, type Index } from './indexes.ts'
import type { Storage } from './storage.ts'

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** Stores one document at a time, with its index entries. Each call does all of it, or throws before it has done any. */
export type Writer = Readonly<{
  insert(collection: Collection, fields: Fields): void
  /** Returns false when the stored bytes are the same already. */
  replace(collection: Collection, before: Found, fields: Fields): boolean
  remove(collection: Collection, before: Found): void
}>

/** One change of one document. `before` is null for an insert, `after` for a removal. */
export type Change = Readonly<{
  collection: Collection
  id: Buffer
  before: Fields | null
  /** `before` as it was read: a transaction compares it with what is stored now. */
  read: Uint8Array | null
  after: Fields | null
  /** `after` as it is stored. */
  body: Uint8Array | null
}>

/** What a change means for the indexes. `arrays` are those into which the document puts several entries. */
export type Difference = Readonly<{ added: readonly Entry[]; removed: readonly Entry[]; arrays: readonly Index[] }>

/** The names of locks. A unique key is locked like a document, because two documents may want the same one. */
export const documentLock = ({ number }: Collection, id: Uint8Array): string => `d${number}:${textOf(id)}`
export const keyLock = ({ index, key }: Entry): string => `k${index.number}:${textOf(key)}`

/** A writer that encodes each document once, and hands every change to `write`. */
export function createWriter(write: (change: Change) => void): Writer {
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

/** The same bytes, not a copy of them. */
const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** @throws CommandError for a document that MongoDB would not store either. */
function encodeDocument(fields: Fields): Uint8Array {
  const body = encode(fields)
  if (body.length > DOCUMENT_BYTES_MAX)
    throw new CommandError(10334, `Document of ${body.length} bytes is larger than 16 MiB`)
  return body
}

/** Only entries that differ are in it, because most updates leave most indexes alone. */
export function compareEntries({ collection, id, before, after }: Change): Difference {
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

type Stores = Readonly<{ storage: Storage; catalog: Catalog }>
type Stored = Readonly<{ collection: Collection; id: Uint8Array; body: Uint8Array | null }>

/** Writes a document and its index entries into the storage. Checks nothing: the writers have. */
export function applyChange(
  { storage, catalog }: Stores,
  { collection, id, body }: Stored,
  { added, removed, arrays }: Difference,
): void {
  for (const { index, key } of removed) storage.removeEntry(index.number, key)
  if (body === null) storage.remove(collection.number, id)
  else storage.put(collection.number, id, body)
  for (const { index, key } of added) storage.putEntry(index.number, key, id)
  for (const index of arrays) catalog.noteArray(collection, index)
}
