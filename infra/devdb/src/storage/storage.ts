import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** Pages kept in memory by the writer and by each snapshot, in KiB. */
const WRITER_CACHE_KIB = 24 * 1024
const SNAPSHOT_CACHE_KIB = 2 * 1024
const SNAPSHOTS_IDLE_MAX = 4

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS catalog (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS documents (
    collection INTEGER NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (
    idx INTEGER NOT NULL, key BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (idx, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS replies (
    session BLOB PRIMARY KEY, number INTEGER NOT NULL, reply BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
`

/** The file belongs to another server that is still running. */
export class FileInUseError extends Error {
  override readonly name = 'FileInUseError'

  constructor(path: string) {
    super(`${path} is used by another development database. Stop it first, or choose another file.`)
  }
}

export type Row = Readonly<{ key: Uint8Array; id: Uint8Array; body: Uint8Array }>
export type KeyRange = Readonly<{ from: Uint8Array; before: Uint8Array | null }>

/** What can be read at one moment: the present, or the moment when a transaction began. */
export type Reader = Readonly<{
  get(collection: number, id: Uint8Array): Uint8Array | null
  entry(idx: number, key: Uint8Array): Uint8Array | null
  /** Index entries with their documents in the order of their keys, at most `limit`. */
  scanIndex(scan: IndexScan): readonly Row[]
  /** Documents in the order of their ids; `key` is the id. */
  scanDocuments(scan: DocumentScan): readonly Row[]
}>
export type IndexScan = KeyRange & Readonly<{ idx: number; collection: number; backwards: boolean; limit: number }>
export type DocumentScan = KeyRange & Readonly<{ collection: number; backwards: boolean; limit: number }>

export type Snapshot = Reader & Readonly<{ release(): void }>

export type Storage = Reader &
  Readonly<{
    put(collection: number, id: Uint8Array, body: Uint8Array): void
    remove(collection: number, id: Uint8Array): void
    putEntry(idx: number, key: Uint8Array, id: Uint8Array): void
    removeEntry(idx: number, key: Uint8Array): void
    clearCollection(collection: number): void
    clearIndex(idx: number): void
    readCatalog(): readonly { name: string; definition: string }[]
    writeCatalog(name: string, definition: string | null): void
    findReply(session: Uint8Array): { number: number; reply: Uint8Array } | null
    keepReply(session: Uint8Array, number: number, reply: Uint8Array): void
    forgetReplies(before: Date): void
    countDocuments(collection: number): number
    /** Everything written since the last commit becomes durable. */
    commit(): void
    isWriting(): boolean
    /** A view of everything committed up to now that does not change. */
    openSnapshot(): Snapshot
    close(): void
  }>

/**
 * Ordered keys and values in one SQLite file. Writes gather until `commit`, which returns when they are on disk.
 * @throws FileInUseError
 */
export function openStorage(path: string): Storage {
  const lock = takeLock(path)
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${WRITER_CACHE_KIB};`)
  database.exec('PRAGMA wal_autocheckpoint = 10000; PRAGMA temp_store = MEMORY;')
  database.exec(SCHEMA)

  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')
  let writing = false
  const write = (statement: StatementSync) => {
    return (...values: (Uint8Array | string | number)[]) => {
      if (!writing) begin.run()
      writing = true
      statement.run(...values)
    }
  }
  const removeCatalog = write(database.prepare('DELETE FROM catalog WHERE name = ?'))
  const putCatalog = write(database.prepare('INSERT OR REPLACE INTO catalog VALUES (?, ?)'))
  const forget = write(database.prepare('DELETE FROM replies WHERE at < ?'))
  const putReply = write(database.prepare('INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)'))
  const findReply = database.prepare('SELECT number, reply FROM replies WHERE session = ?')
  const catalog = database.prepare('SELECT name, definition FROM catalog')
  const count = database.prepare('SELECT count(*) AS n FROM documents WHERE collection = ?')
  const snapshots = createSnapshots(path)

  return {
    ...createReader(database),
    put: write(database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)')),
    remove: write(database.prepare('DELETE FROM documents WHERE collection = ? AND id = ?')),
    putEntry: write(database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)')),
    removeEntry: write(database.prepare('DELETE FROM entries WHERE idx = ? AND key = ?')),
    clearCollection: write(database.prepare('DELETE FROM documents WHERE collection = ?')),
    clearIndex: write(database.prepare('DELETE FROM entries WHERE idx = ?')),
    readCatalog: () => catalog.all() as { name: string; definition: string }[],
    writeCatalog: (name, definition) => (definition === null ? removeCatalog(name) : putCatalog(name, definition)),
    findReply: (session) => (findReply.get(session) as { number: number; reply: Uint8Array } | undefined) ?? null,
    keepReply: (session, number, reply) => putReply(session, number, reply, Date.now()),
    forgetReplies: (before) => forget(before.getTime()),
    countDocuments: (collection) => (count.get(collection) as { n: number }).n,
    commit() {
      if (writing) end.run()
      writing = false
    },
    isWriting: () => writing,
    openSnapshot: snapshots.open,
    close() {
      if (writing) database.exec('COMMIT')
      snapshots.close()
      database.close()
      lock.close()
    },
  }
}

/** SQLite's own lock on a file beside ours: it ends with the process, however that ends. */
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`)
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;')
    return lock
  } catch (error) {
    lock.close()
    if (String(error).includes('locked')) throw new FileInUseError(path)
    throw error
  }
}

/** Each snapshot is a connection of its own inside a read transaction; idle ones are used again. */
function createSnapshots(path: string): { open(): Snapshot; close(): void } {
  const idle: { database: DatabaseSync; reader: Reader }[] = []
  const connect = () => {
    const database = new DatabaseSync(path, { readOnly: true })
    database.exec(`PRAGMA cache_size = -${SNAPSHOT_CACHE_KIB};`)
    return { database, reader: createReader(database) }
  }
  return {
    open() {
      const connection = idle.pop() ?? connect()
      // The view is fixed by the first read, not by BEGIN.
      connection.database.exec('BEGIN; SELECT 1 FROM catalog LIMIT 1;')
      return {
        ...connection.reader,
        release() {
          connection.database.exec('COMMIT')
          if (idle.length < SNAPSHOTS_IDLE_MAX) idle.push(connection)
          else connection.database.close()
        },
      }
    },
    close() {
      for (const { database } of idle) database.close()
    },
  }
}

const LAST = Buffer.alloc(64, 255)

function createReader(database: DatabaseSync): Reader {
  const get = database.prepare('SELECT body FROM documents WHERE collection = ? AND id = ?')
  const entry = database.prepare('SELECT id FROM entries WHERE idx = ? AND key = ?')
  const scanEntries = (order: string) =>
    database.prepare(
      `SELECT e.key AS key, e.id AS id, d.body AS body FROM entries e JOIN documents d ON d.collection = ? AND d.id = e.id
       WHERE e.idx = ? AND e.key >= ? AND e.key < ? ORDER BY e.key ${order} LIMIT ?`,
    )
  const scanIds = (order: string) =>
    database.prepare(
      `SELECT id AS key, id, body FROM documents WHERE collection = ? AND id >= ? AND id < ? ORDER BY id ${order} LIMIT ?`,
    )
  const entries = { up: scanEntries('ASC'), down: scanEntries('DESC') }
  const ids = { up: scanIds('ASC'), down: scanIds('DESC') }

  return {
    get: (collection, id) => (get.get(collection, id) as { body: Uint8Array } | undefined)?.body ?? null,
    entry: (idx, key) => (entry.get(idx, key) as { id: Uint8Array } | undefined)?.id ?? null,
    scanIndex: ({ idx, collection, from, before, backwards, limit }) =>
      (backwards ? entries.down : entries.up).all(collection, idx, from, before ?? LAST, limit) as unknown as Row[],
    scanDocuments: ({ collection, from, before, backwards, limit }) =>
      (backwards ? ids.down : ids.up).all(collection, from, before ?? LAST, limit) as unknown as Row[],
  }
}
