import { DatabaseSync } from 'node:sqlite'
import { openCatalog } from './storage/catalog.ts'
import { entriesOf, readIndexed } from './storage/entries.ts'
import { ID_OF_ENTRY } from './storage/reader.ts'
import { openStorage } from './storage/storage.ts'

/**
 * Inconsistencies of a database file that no server has open: documents without their index entries, entries without
 * their documents, and documents of no collection. Empty for a sound file.
 * @throws FileInUseError
 */
export function findDamage(path: string): readonly string[] {
  const storage = openStorage(path)
  const catalog = openCatalog(storage)
  const collections = catalog.databases().flatMap((name) => catalog.list(name))
  storage.close()
  const raw = new DatabaseSync(path, { readOnly: true })
  try {
    const expected = new Map<string, string>()
    const known = new Set(collections.map(({ number }) => number))
    const damage: string[] = []
    const byNumber = new Map(collections.map((collection) => [collection.number, collection]))
    for (const row of raw.prepare('SELECT collection, id, body FROM documents').iterate()) {
      const { collection, id, body } = row as { collection: number; id: Uint8Array; body: Uint8Array }
      if (!known.has(collection)) damage.push(`document ${text(id)} of no collection`)
      const indexes = byNumber.get(collection)?.indexes ?? []
      for (const [at, index] of indexes.entries()) {
        for (const { key } of entriesOf(indexes, at, readIndexed(indexes, body), Buffer.from(id))) {
          const name = `${index.number} ${text(key)}`
          if (expected.has(name)) damage.push(`two documents with the entry ${name}`)
          expected.set(name, text(id))
        }
      }
    }
    for (const row of raw.prepare(`SELECT idx, key, ${ID_OF_ENTRY} AS id FROM entries e`).iterate()) {
      const { idx, key, id } = row as { idx: number; key: Uint8Array; id: Uint8Array }
      const name = `${idx} ${text(key)}`
      if (expected.get(name) !== text(id)) damage.push(`entry ${name} without its document`)
      else expected.delete(name)
    }
    return [...damage, ...[...expected.keys()].map((name) => `document without its entry ${name}`)]
  } finally {
    raw.close()
  }
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
