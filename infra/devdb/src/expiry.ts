import type { Database } from './database.ts'
import { toFound } from './queries/query.ts'
import { encodeColumn } from './storage/indexes.ts'
import { createPlainWriter, LockedError } from './storage/plain-writer.ts'
import { TYPE_ORDER } from './values/bson.ts'

const BATCH = 500
const REPLIES_KEPT_MS = 30 * 60 * 1000

/** Deletes documents that have expired by a TTL index, and stored answers that are too old for a retry. */
export function expire(database: Database, now: Date): void {
  const { catalog, storage } = database
  const writer = createPlainWriter(database)
  for (const collection of catalog.databases().flatMap((name) => catalog.list(name))) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds === null || index.fields.length !== 1 || index.fields[0]!.direction !== 1) continue
      const from = Buffer.from([TYPE_ORDER.date])
      const before = encodeColumn(new Date(now.getTime() - index.expireAfterSeconds * 1000), 1)
      const scan = { idx: index.number, collection: collection.number, from, before, backwards: false, limit: BATCH }
      for (const { id, body } of storage.scanIndex(scan)) {
        try {
          writer.remove(collection, toFound(id, body))
        } catch (error) {
          if (!(error instanceof LockedError)) throw error // Deleted in a later round.
        }
      }
    }
  }
  storage.forgetReplies(new Date(now.getTime() - REPLIES_KEPT_MS))
}
