import { DatabaseSync } from 'node:sqlite'
import { createReader, type Reader } from './reader.ts'

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

/** Another running server has the file open. */
export class FileInUseError extends Error {
  override readonly name = 'FileInUseError'

  constructor(path: string) {
    super(`${path} is used by another development database. Stop it first, or choose another file.`)
  }
}

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
    /** Makes all writes since the last commit durable. */
    commit(): void
    isWriting(): boolean
    /** An immutable view of everything that is committed now. */
    openSnapshot(): Snapshot
    close(): void
  }>

/**
 * Ordered keys and values in one SQLite file. Writes are gathered until `commit`, which returns when they are on disk.
 * @throws FileInUseError
 */
export function openStorage(path: string): Storage {
  const lock = takeLock(path)
  const database = openFile(path)
  const batch = createBatch(database)
  const snapshots = createSnapshots(path)
  const count = database.prepare('SELECT count(*) AS n FROM documents WHERE collection = ?')
  const { prepare } = batch
  return {
    ...createReader(database),
    put: prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)'),
    remove: prepare('DELETE FROM documents WHERE collection = ? AND id = ?'),
    putEntry: prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)'),
    removeEntry: prepare('DELETE FROM entries WHERE idx = ? AND key = ?'),
    clearCollection: prepare('DELETE FROM documents WHERE collection = ?'),
    clearIndex: prepare('DELETE FROM entries WHERE idx = ?'),
    countDocuments: (collection) => (count.get(collection) as { n: number }).n,
    ...prepareCatalog(database, prepare),
    ...prepareReplies(database, prepare),
    commit: batch.commit,
    isWriting: batch.isOpen,
    openSnapshot: snapshots.open,
    close() {
      batch.commit()
      snapshots.close()
      database.close()
      lock.close()
    },
  }
}

function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${WRITER_CACHE_KIB};`)
  database.exec('PRAGMA wal_autocheckpoint = 10000; PRAGMA temp_store = MEMORY;')
  database.exec(SCHEMA)
  return database
}

type Prepare = (sql: string) => (...values: (Uint8Array | string | number)[]) => void

/** Gathers writes in one SQLite transaction: the first one after a commit begins it. */
function createBatch(database: DatabaseSync): { prepare: Prepare; commit(): void; isOpen(): boolean } {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')
  let open = false
  return {
    prepare(sql) {
      const statement = database.prepare(sql)
      return (...values) => {
        if (!open) begin.run()
        open = true
        statement.run(...values)
      }
    },
    commit() {
      if (open) end.run()
      open = false
    },
    isOpen: () => open,
  }
}

function prepareCatalog(database: DatabaseSync, prepare: Prepare): Pick<Storage, 'readCatalog' | 'writeCatalog'> {
  const read = database.prepare('SELECT name, definition FROM catalog')
  const remove = prepare('DELETE FROM catalog WHERE name = ?')
  const put = prepare('INSERT OR REPLACE INTO catalog VALUES (?, ?)')
  return {
    readCatalog: () => read.all() as { name: string; definition: string }[],
    writeCatalog: (name, definition) => (definition === null ? remove(name) : put(name, definition)),
  }
}

type Replies = Pick<Storage, 'findReply' | 'keepReply' | 'forgetReplies'>

function prepareReplies(database: DatabaseSync, prepare: Prepare): Replies {
  const find = database.prepare('SELECT number, reply FROM replies WHERE session = ?')
  const put = prepare('INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)')
  const forget = prepare('DELETE FROM replies WHERE at < ?')
  return {
    findReply: (session) => (find.get(session) as { number: number; reply: Uint8Array } | undefined) ?? null,
    keepReply: (session, number, reply) => put(session, number, reply, Date.now()),
    forgetReplies: (before) => forget(before.getTime()),
  }
}

/** A lock by SQLite on a file beside the database: the system releases it even when the process is killed. */
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

/** Each snapshot is a connection inside a read transaction; idle connections are reused. */
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
      // SQLite fixes the view at the first read, not at BEGIN.
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
