import type { DatabaseSync } from 'node:sqlite'
import { type Batch, createBatch, type Undone } from './batch.ts'
import { type OpenFile, openFile, readState } from './file.ts'
import { createReader, type PresentReader, type Reader } from './reader.ts'
import { openRedoLog } from './redo-log.ts'
import { createSnapshots, type Snapshot } from './snapshots.ts'

export type Storage = Reader &
  Readonly<{
    /** Stores a document in place of `before`, which snapshots go on to see. */
    put(collection: number, id: Uint8Array, body: Uint8Array, before: Uint8Array | null): void
    remove(collection: number, id: Uint8Array, before: Uint8Array | null): void
    /** Adds an entry that is not there yet. `reference` is the id of its document, or its place in the key. */
    putEntry(idx: number, key: Uint8Array, reference: Uint8Array | number): void
    /** Removes the entry of the document `id`. */
    removeEntry(idx: number, key: Uint8Array, id: Uint8Array): void
    /** The same number as before when no document has changed since. */
    changes(): number
    clearCollection(collection: number): void
    clearIndex(idx: number): void
    readCatalog(): readonly { name: string; definition: string }[]
    writeCatalog(name: string, definition: string | null): void
    readFormat(): number
    writeFormat(format: number): void
    findReply(session: Uint8Array): { number: number; reply: Uint8Array } | null
    keepReply(session: Uint8Array, number: number, reply: Uint8Array): void
    forgetReplies(before: Date): void
    countDocuments(collection: number): number
    /** Makes all writes since the last commit durable. @throws CommandError when they were undone instead. */
    commit(): void
    isWriting(): boolean
    undone(): Undone
    onUndone(listener: () => void): void
    /** An immutable view of everything that is written now. */
    openSnapshot(): Snapshot
    close(): void
  }>

/**
 * Ordered keys and values in one SQLite file. Writes are gathered until `commit`, which returns when they are on disk. A
 * disk that refuses one undoes all since the last commit. @throws FileInUseError
 */
export function openStorage(path: string, open: OpenFile = openFile): Storage {
  const database = open(path)
  const { salt, sequence } = readState(database)
  const log = openRedoLog(`${path}-redo`, { salt: salt!, sequence: sequence! })
  const batch = createBatch(database, log)
  const reader = createReader(database)
  const count = database.prepare('SELECT count(*) AS n FROM documents WHERE collection = ?')
  const { prepare } = batch
  return {
    ...reader,
    ...prepareWrites(reader, batch),
    clearCollection: prepare('DELETE FROM documents WHERE collection = ?'),
    clearIndex: prepare('DELETE FROM entries WHERE idx = ?'),
    countDocuments: (collection) => (count.get(collection) as { n: number }).n,
    ...prepareCatalog(database, prepare),
    ...prepareReplies(database, prepare),
    commit: batch.commit,
    isWriting: batch.isOpen,
    undone: batch.undone,
    onUndone: batch.onUndone,
    close() {
      try {
        batch.commit()
      } catch {
        // Nothing of it has been acknowledged.
      }
      batch.settle()
      log.close()
      database.close()
    },
  }
}

type Writes = Pick<Storage, 'put' | 'remove' | 'putEntry' | 'removeEntry' | 'changes' | 'openSnapshot'>

function prepareWrites(reader: PresentReader, { prepare, undone }: Batch): Writes {
  const snapshots = createSnapshots(reader)
  let changes = 0
  const put = prepare(
    'INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body',
  )
  const remove = prepare('DELETE FROM documents WHERE collection = ? AND id = ?')
  const putEntry = prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)')
  const removeEntry = prepare('DELETE FROM entries WHERE idx = ? AND key = ?')
  return {
    put(collection, id, body, before) {
      changes++
      snapshots.keepDocument(collection, id, before)
      put(collection, id, body)
    },
    remove(collection, id, before) {
      changes++
      snapshots.keepDocument(collection, id, before)
      remove(collection, id)
    },
    putEntry(idx, key, reference) {
      snapshots.keepEntry(idx, key, null)
      putEntry(idx, key, reference)
    },
    removeEntry(idx, key, id) {
      snapshots.keepEntry(idx, key, id)
      removeEntry(idx, key)
    },
    changes: () => changes + undone().times,
    openSnapshot: snapshots.open,
  }
}

function prepareCatalog(
  database: DatabaseSync,
  prepare: Batch['prepare'],
): Pick<Storage, 'readCatalog' | 'writeCatalog' | 'readFormat' | 'writeFormat'> {
  const read = database.prepare('SELECT name, definition FROM catalog')
  const remove = prepare('DELETE FROM catalog WHERE name = ?')
  const put = prepare('INSERT OR REPLACE INTO catalog VALUES (?, ?)')
  return {
    readFormat: () => readState(database).format!,
    writeFormat: prepare("UPDATE state SET value = ? WHERE name = 'format'"),
    readCatalog: () => read.all() as { name: string; definition: string }[],
    writeCatalog: (name, definition) => (definition === null ? remove(name) : put(name, definition)),
  }
}

type Replies = Pick<Storage, 'findReply' | 'keepReply' | 'forgetReplies'>

function prepareReplies(database: DatabaseSync, prepare: Batch['prepare']): Replies {
  const find = database.prepare('SELECT number, reply FROM replies WHERE session = ?')
  const put = prepare('INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)')
  const forget = prepare('DELETE FROM replies WHERE at < ?')
  return {
    findReply: (session) => (find.get(session) as { number: number; reply: Uint8Array } | undefined) ?? null,
    keepReply: (session, number, reply) => put(session, number, reply, Date.now()),
    forgetReplies: (before) => forget(before.getTime()),
  }
}
