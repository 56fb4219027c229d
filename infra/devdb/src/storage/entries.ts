import { CommandError } from '../errors.ts'
import { namesIn } from '../queries/matcher.ts'
import { appendBytes, beginKey, copyKey, invertFrom, keyLength } from '../values/key-buffer.ts'
import { textOf } from '../values/keys.ts'
import { type Element, elementsOf, type Names, readFields, toNames } from '../values/raw.ts'
import { appendElement, DECODE, locate } from '../values/raw-keys.ts'
import { encodeColumn, type Index, itemsAt } from './indexes.ts'

/** A key of a document in an index. */
export type Entry = Readonly<{ index: Index; key: Buffer }>

/** The reference of an entry to its document: the id or, when the key ends with it, its place there, counted from 1. */
export function referenceIn({ index, key }: Entry, id: Uint8Array): Uint8Array | number {
  return index.unique ? id : key.length - id.length + 1
}

/**
 * The top-level fields that indexes depend on; for each index, the positions among them of the fields that it depends on,
 * of which those of its key come first.
 */
type IndexedNames = Readonly<{ names: Names; positions: readonly (readonly number[])[] }>

const known = new WeakMap<readonly Index[], IndexedNames>()

export function indexedNames(indexes: readonly Index[]): IndexedNames {
  const before = known.get(indexes)
  if (before) return before
  const needed = indexes.map(({ fields, partial }) => [
    ...fields.map(({ path }) => path[0]!),
    ...(partial ? namesIn(partial.filter) : []),
  ])
  const all = [...new Set(needed.flat())]
  const created = { names: toNames(all), positions: needed.map((own) => own.map((name) => all.indexOf(name))) }
  known.set(indexes, created)
  return created
}

/** A document, with the elements that the indexes of its collection depend on, in the order of `indexedNames`. */
export type Indexed = Readonly<{ body: Uint8Array; elements: readonly (Element | null)[] }>

export function readIndexed(indexes: readonly Index[], body: Uint8Array): Indexed {
  return { body, elements: elementsOf(body, indexedNames(indexes).names) }
}

/** The entries of a document in one of the indexes of its collection. An array gives an entry for each item. */
export function entriesOf(indexes: readonly Index[], at: number, { body, elements }: Indexed, id: Buffer): Entry[] {
  const index = indexes[at]!
  const { fields, partial, sparse, unique } = index
  if (partial && !partial.fits(body)) return []
  const positions = indexedNames(indexes).positions[at]!
  let isMissing = true
  beginKey()
  for (let nth = 0; nth < fields.length; nth++) {
    const { path, pathNames, direction } = fields[nth]!
    const value = locate(elements[positions[nth]!]!, path, pathNames)
    if (value === DECODE) return entriesOfItems(index, body, unique ? null : id)
    if (value !== null) isMissing = false
    const from = keyLength()
    appendElement(value)
    if (direction === -1) invertFrom(from)
  }
  if (sparse && isMissing) return []
  if (!unique) appendBytes(id)
  return [{ index, key: copyKey() }]
}

/** The entries of a document with lists, or with values that are only comparable when they are decoded. */
function entriesOfItems(index: Index, body: Uint8Array, suffix: Buffer | null): Entry[] {
  const fields = readFields(body, toNames([...new Set(index.fields.map(({ path }) => path[0]!))]))
  const columns = index.fields.map(({ path }) => itemsAt(fields, path))
  if (index.sparse && columns.every((column) => column.every((value) => value === undefined))) return []
  if (columns.filter(({ length }) => length > 1).length > 1) {
    throw new CommandError(171, `cannot index parallel arrays in the index ${index.name}`)
  }
  let prefixes: Buffer[][] = [[]]
  for (const [position, column] of columns.entries()) {
    const keys = column.map((value) => encodeColumn(value, index.fields[position]!.direction))
    prefixes = prefixes.flatMap((prefix) => keys.map((key) => [...prefix, key]))
  }
  const keys = prefixes.map((parts) => Buffer.concat(suffix ? [...parts, suffix] : parts))
  if (keys.length === 1) return [{ index, key: keys[0]! }]
  return [...new Map(keys.map((key) => [textOf(key), { index, key }])).values()]
}
