import type { DatabaseSync } from 'node:sqlite'

export type Row = Readonly<{ key: Uint8Array; id: Uint8Array; body: Uint8Array }>
export type KeyRange = Readonly<{ from: Uint8Array; before: Uint8Array | null }>

/** Reads the present state, or the state at the start of a transaction. */
export type Reader = Readonly<{
  get(collection: number, id: Uint8Array): Uint8Array | null
  /** The id of the document that has a key in a unique index. */
  entry(idx: number, key: Uint8Array): Uint8Array | null
  /** Index entries with their documents in the order of their keys, at most `limit`. */
  scanIndex(scan: IndexScan): readonly Row[]
  /** Documents in the order of their ids; `key` is the id. */
  scanDocuments(scan: DocumentScan): readonly Row[]
}>
/** Reads the present state. */
export type PresentReader = Reader &
  Readonly<{
    /** As `scanIndex`, without the documents. */
    scanKeys(scan: Omit<IndexScan, 'collection'>): readonly Omit<Row, 'body'>[]
  }>
export type IndexScan = KeyRange & Readonly<{ idx: number; collection: number; backwards: boolean; limit: number }>
export type DocumentScan = KeyRange & Readonly<{ collection: number; backwards: boolean; limit: number }>

/** Greater than every key: the end of a range that has none. */
const LAST = Buffer.alloc(64, 255)

/** The id of the document of an entry `e`, which has the id itself or its place in the key. */
export const ID_OF_ENTRY = "CASE typeof(e.id) WHEN 'blob' THEN e.id ELSE substr(e.key, e.id) END"

export function createReader(database: DatabaseSync): PresentReader {
  const get = database.prepare('SELECT body FROM documents WHERE collection = ? AND id = ?')
  const entry = database.prepare('SELECT id FROM entries WHERE idx = ? AND key = ?')
  const scanEntries = (order: string) =>
    database.prepare(
      `SELECT key, d.id AS id, body FROM entries e JOIN documents d ON collection = ? AND d.id = ${ID_OF_ENTRY}
       WHERE idx = ? AND key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
    )
  const scanKeys = (order: string) =>
    database.prepare(
      `SELECT key, ${ID_OF_ENTRY} AS id FROM entries e
       WHERE idx = ? AND key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
    )
  const scanIds = (order: string) =>
    database.prepare(
      `SELECT id AS key, id, body FROM documents WHERE collection = ? AND id >= ? AND id < ? ORDER BY id ${order} LIMIT ?`,
    )
  const entries = { up: scanEntries('ASC'), down: scanEntries('DESC') }
  const keys = { up: scanKeys('ASC'), down: scanKeys('DESC') }
  const ids = { up: scanIds('ASC'), down: scanIds('DESC') }

  return {
    get: (collection, id) => (get.get(collection, id) as { body: Uint8Array } | undefined)?.body ?? null,
    entry: (idx, key) => (entry.get(idx, key) as { id: Uint8Array } | undefined)?.id ?? null,
    scanIndex: ({ idx, collection, from, before, backwards, limit }) =>
      (backwards ? entries.down : entries.up).all(collection, idx, from, before ?? LAST, limit) as unknown as Row[],
    scanKeys: ({ idx, from, before, backwards, limit }) =>
      (backwards ? keys.down : keys.up).all(idx, from, before ?? LAST, limit) as unknown as Omit<Row, 'body'>[],
    scanDocuments: ({ collection, from, before, backwards, limit }) =>
      (backwards ? ids.down : ids.up).all(collection, from, before ?? LAST, limit) as unknown as Row[],
  }
}
