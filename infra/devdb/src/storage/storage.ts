import { DatabaseSync } from 'node:sqlite'
import { createReader, type Reader } from './reader.ts'
import { createSnapshots, type Snapshot } from './snapshots.ts'

/** Pages kept in memory, in KiB. */
const CACHE_KIB = 32 * 1024

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

export type Storage = Reader &
  Readonly<{
    /** Stores a document in place of `before`, which snapshots go on to see. */
    put(collection: number, id: Uint8Array, body: Uint8Array, before: Uint8Array | null): void
    remove(collection: number, id: Uint8Array, before: Uint8Array | null): void
    /** Adds an entry that is not there yet. */
    putEntry(idx: number, key: Uint8Array, id: Uint8Array): void
    /** Removes the entry of the document `id`. */
    removeEntry(idx: number, key: Uint8Array, id: Uint8Array): void
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
    /** An immutable view of everything that is written now. */
    openSnapshot(): Snapshot
    close(): void
  }>

/**
 * Ordered keys and values in one SQLite file. Writes are gathered until `commit`, which returns when they are on disk.
 * @throws FileInUseError
 */
export function openStorage(path: string): Storage {
  const database = openFile(path)
  const batch = createBatch(database)
  const reader = createReader(database)
  const count = database.prepare('SELECT count(*) AS n FROM documents WHERE collection = ?')
  const { prepare } = batch
  return {
    ...reader,
    ...prepareWrites(reader, prepare),
    clearCollection: prepare('DELETE FROM documents WHERE collection = ?'),
    clearIndex: prepare('DELETE FROM entries WHERE idx = ?'),
    countDocuments: (collection) => (count.get(collection) as { n: number }).n,
    ...prepareCatalog(database, prepare),
    ...prepareReplies(database, prepare),
    commit: batch.commit,
    isWriting: batch.isOpen,
    close() {
      batch.commit()
      database.close()
    },
  }
}

/** Exclusive: other processes are kept out until this one ends or is killed, and reading takes no locks. */
function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = 10000; PRAGMA temp_store = MEMORY;`)
    database.exec(SCHEMA)
    return database
  } catch (error) {
    database.close()
    if (String(error).includes('locked')) throw new FileInUseError(path)
    throw error
  }
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

type Writes = Pick<Storage, 'put' | 'remove' | 'putEntry' | 'removeEntry' | 'openSnapshot'>

function prepareWrites(reader: Reader, prepare: Prepare): Writes {
  const snapshots = createSnapshots(reader)
  const put = prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)')
  const remove = prepare('DELETE FROM documents WHERE collection = ? AND id = ?')
  const putEntry = prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)')
  const removeEntry = prepare('DELETE FROM entries WHERE idx = ? AND key = ?')
  return {
    put(collection, id, body, before) {
      snapshots.keepDocument(collection, id, before)
      put(collection, id, body)
    },
    remove(collection, id, before) {
      snapshots.keepDocument(collection, id, before)
      remove(collection, id)
    },
    putEntry(idx, key, id) {
      snapshots.keepEntry(idx, key, null)
      putEntry(idx, key, id)
    },
    removeEntry(idx, key, id) {
      snapshots.keepEntry(idx, key, id)
      removeEntry(idx, key)
    },
    openSnapshot: snapshots.open,
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
