import { DatabaseSync } from 'node:sqlite'

/** Pages kept in memory, in KiB. */
const CACHE_KIB = 32 * 1024

/**
 * `state` has the salt and the position of the redo log, and the format of the index keys: 0 in a file that is new, or
 * older than this number.
 *
 * Documents are appended to their table, and found by an index of their ids: in a tree by id, few fit on a page, and each
 * insert would write a page of its own.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS catalog (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS documents (
    collection INTEGER NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (collection, id));
  CREATE TABLE IF NOT EXISTS entries (
    idx INTEGER NOT NULL, key BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (idx, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS replies (
    session BLOB PRIMARY KEY, number INTEGER NOT NULL, reply BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT OR IGNORE INTO state VALUES ('salt', abs(random()) % 4294967296), ('sequence', 0), ('format', 0);
`

/**
 * The format of index entries. 1: an item of a list that is no document has the key null for a field below it. 2: an entry
 * of which the key ends with the id has the place of the id there in place of a copy; a copy may be read too.
 */
export const FORMAT = 2

/** A later version of the server has written the file. */
export class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError'

  constructor(path: string) {
    super(`${path} was written by a later version of the development database. Use that, or choose another file.`)
  }
}

/** Another running server has the file open. */
export class FileInUseError extends Error {
  override readonly name = 'FileInUseError'

  constructor(path: string) {
    super(`${path} is used by another development database. Stop it first, or choose another file.`)
  }
}

/** Opens the file of a database. A test may give another, to set its limits. */
export type OpenFile = (path: string) => DatabaseSync

/**
 * Exclusive: other processes are kept out until this one ends or is killed, and reading takes no locks. With a rollback
 * journal most pages are written once; a write-ahead log has them copied into the file later, and only gives durability,
 * which the redo log gives already.
 */
export function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;')
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY;`)
    // Uncommitted pages stay in memory, so that only commits fail on a full disk.
    database.exec('PRAGMA cache_spill = OFF')
    database.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT`)
    if (readState(database).format! > FORMAT) throw new NewerFormatError(path)
    return database
  } catch (error) {
    database.close()
    if (String(error).includes('locked')) throw new FileInUseError(path)
    throw error
  }
}

/** The numbers in `state`, by their names. */
export function readState(database: DatabaseSync): Readonly<Record<string, number>> {
  const rows = database.prepare('SELECT name, value FROM state').all() as { name: string; value: number }[]
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}
