import { entriesOf, readIndexed, referenceIn } from './entries.ts'
import { duplicateKey, type Index } from './indexes.ts'
import type { Storage } from './storage.ts'

const BUILD_CHUNK = 1000

type Indexed = Readonly<{ number: number; namespace: string; arrays: Set<string> }>

/** Adds the entries of all documents of a collection to an index that has none. @throws CommandError DuplicateKey */
export function buildIndex(storage: Storage, collection: Indexed, index: Index): void {
  let from: Uint8Array = Buffer.alloc(0)
  const own = [index]
  for (;;) {
    const rows = storage.scanDocuments({
      collection: collection.number,
      from,
      before: null,
      backwards: false,
      limit: BUILD_CHUNK,
    })
    for (const { id, body } of rows) {
      const entries = entriesOf(own, 0, readIndexed(own, body), Buffer.from(id))
      if (entries.length > 1) collection.arrays.add(index.name)
      for (const entry of entries) {
        if (index.unique && storage.entry(index.number, entry.key)) {
          throw duplicateKey(index, collection.namespace, body)
        }
        storage.putEntry(index.number, entry.key, referenceIn(entry, id))
      }
    }
    if (rows.length < BUILD_CHUNK) return
    from = Buffer.concat([rows.at(-1)!.id, Buffer.from([0])])
  }
}
