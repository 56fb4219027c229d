import { encodeItem, itemsAt } from '../storage/indexes.ts'
import type { Fields } from '../values/bson.ts'
import { toPath } from '../values/paths.ts'
import type { Sort } from './planner.ts'

export function sortDocuments<T extends { readonly fields: Fields }>(documents: readonly T[], sort: Sort): T[] {
  const keyed = documents.map((document) => ({ document, keys: sort.map((one) => sortKey(document.fields, one)) }))
  keyed.sort((a, b) => {
    for (const [at, { direction }] of sort.entries()) {
      const order = Buffer.compare(a.keys[at]!, b.keys[at]!)
      if (order !== 0) return order * direction
    }
    return 0
  })
  return keyed.map(({ document }) => document)
}

/** An array sorts by its least item in ascending order, and by its greatest in descending order. */
function sortKey(fields: Fields, { name, direction }: Sort[number]): Buffer {
  const keys = itemsAt(fields, toPath(name)).map(encodeItem)
  if (keys.length === 1) return keys[0]!
  keys.sort(Buffer.compare)
  return direction === 1 ? keys[0]! : keys.at(-1)!
}
