import { CommandError } from '../errors.ts'
import type { Found } from '../queries/query.ts'
import { encode, type Fields } from '../values/bson.ts'
import { beginKey, copyKey } from '../values/key-buffer.ts'
import { encodeKey, textOf } from '../values/keys.ts'
import { findIn, isSameElement, readFields, toNames } from '../values/raw.ts'
import { appendElement, DECODE, locate } from '../values/raw-keys.ts'
import type { Catalog, Collection } from './catalog.ts'
import { type Entry, entriesOf, type Indexed, indexedNames, readIndexed, referenceIn } from './entries.ts'
import type { Index } from './indexes.ts'
import type { Storage } from './storage.ts'

const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024

/** Stores one document at a time, with its index entries. Each call does all of it, or throws before it has done any. */
export type Writer = Readonly<{
  insert(collection: Collection, body: Uint8Array): void
  /** Returns false when the stored bytes are the same already. */
  replace(collection: Collection, before: Found, after: Uint8Array): boolean
  remove(collection: Collection, before: Found): void
}>

/**
 * One change of one document in its stored form. `before` is null for an insert, `after` for a removal; `name` is the id
 * as a text.
 */
export type Change = Readonly<{
  collection: Collection
  id: Buffer
  name: string
  before: Uint8Array | null
  after: Uint8Array | null
}>

/** The effect of a change on the indexes. `arrays` are those into which the document puts several entries. */
export type Difference = Readonly<{ added: readonly Entry[]; removed: readonly Entry[]; arrays: readonly Index[] }>

/** The names of locks. A unique key is locked like a document, because two documents may want the same one. */
export const documentLock = ({ collection: { number }, name }: Change): string => `d${number}:${name}`
export const keyLock = ({ index, key }: Entry): string => `k${index.number}:${textOf(key)}`

const PATH_OF_ID = ['_id']
const ID = toNames(PATH_OF_ID)

/** A writer that hands every change to `write`. */
export function createWriter(write: (change: Change) => void): Writer {
  const change = (collection: Collection, id: Buffer, before: Uint8Array | null, after: Uint8Array | null) =>
    write({ collection, id, name: textOf(id), before, after })
  return {
    insert: (collection, after) => change(collection, idOf(after), null, after),
    replace(collection, { id, body: before }, after) {
      checkSize(after)
      if (Buffer.compare(before, after) === 0) return false
      change(collection, toBuffer(id), before, after)
      return true
    },
    remove: (collection, { id, body: before }) => change(collection, toBuffer(id), before, null),
  }
}

function idOf(body: Uint8Array): Buffer {
  const id = locate(findIn(body, 0, ID[0]!), PATH_OF_ID, ID)
  if (id === DECODE) return encodeKey(readFields(body, ID)._id)
  beginKey()
  appendElement(id)
  return copyKey()
}

/** The same bytes, not a copy of them. */
const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const encodeDocument = (fields: Fields): Uint8Array => checkSize(encode(fields))

/** @throws CommandError for a document that MongoDB would not store either. */
export function checkSize(body: Uint8Array): Uint8Array {
  if (body.length <= DOCUMENT_BYTES_MAX) return body
  throw new CommandError(10334, `Document of ${body.length} bytes is larger than 16 MiB`)
}

/** Only entries that differ are in it. Indexes whose fields an update has not changed are not looked at. */
export function compareEntries({ collection: { indexes }, id, before, after }: Omit<Change, 'name'>): Difference {
  if (indexes.length === 0) return UNTOUCHED
  const old = before && readIndexed(indexes, before)
  const fresh = after && readIndexed(indexes, after)
  const { positions } = indexedNames(indexes)
  const added: Entry[] = []
  const removed: Entry[] = []
  const arrays: Index[] = []
  for (let at = 0; at < indexes.length; at++) {
    if (old && fresh && !isTouched(positions[at]!, old, fresh)) continue
    const was = old ? entriesOf(indexes, at, old, id) : NONE
    const is = fresh ? entriesOf(indexes, at, fresh, id) : NONE
    if (is.length > 1) arrays.push(indexes[at]!)
    for (const entry of was) if (is.length === 0 || !holds(is, entry)) removed.push(entry)
    for (const entry of is) if (was.length === 0 || !holds(was, entry)) added.push(entry)
  }
  return { added, removed, arrays }
}

const NONE: readonly Entry[] = []
const holds = (entries: readonly Entry[], { key }: Entry) => entries.some((other) => other.key.equals(key))

function isTouched(positions: readonly number[], old: Indexed, fresh: Indexed): boolean {
  return positions.some((nth) => !isSameElement(old.elements[nth]!, fresh.elements[nth]!))
}

const UNTOUCHED: Difference = { added: [], removed: [], arrays: [] }

type Stores = Readonly<{ storage: Storage; catalog: Catalog }>
/** Writes a document and its index entries into the storage. Checks nothing: the writers have. */
export function applyChange(
  { storage, catalog }: Stores,
  { collection, id, before, after }: Omit<Change, 'name'>,
  { added, removed, arrays }: Difference,
): void {
  for (const { index, key } of removed) storage.removeEntry(index.number, key, id)
  if (after === null) storage.remove(collection.number, id, before)
  else storage.put(collection.number, id, after, before)
  for (const entry of added) storage.putEntry(entry.index.number, entry.key, referenceIn(entry, id))
  for (const index of arrays) catalog.noteArray(collection, index)
}
