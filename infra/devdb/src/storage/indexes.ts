import { CommandError, unsupported } from '../errors.ts'
import { compileFilter, namesIn, type Predicate } from '../queries/matcher.ts'
import { decode, type Fields, isNumber, isObject, TYPE_ORDER, toNumber, typeOf, type Value } from '../values/bson.ts'
import { encodeCompound, encodeKey, invert, textOf } from '../values/keys.ts'
import { toPath, valuesAt } from '../values/paths.ts'
import { type Names, toNames } from '../values/raw.ts'

export type IndexField = Readonly<{ name: string; path: readonly string[]; direction: 1 | -1 }>
export type Index = Readonly<{
  number: number
  name: string
  fields: readonly IndexField[]
  unique: boolean
  sparse: boolean
  expireAfterSeconds: number | null
  partial: Readonly<{ filter: Fields; fits: Predicate }> | null
  /** As the client gave it, for listIndexes. */
  definition: Fields
}>

/** A key of a document in an index. */
export type Entry = Readonly<{ index: Index; key: Buffer }>

const OPTIONS = [
  'key',
  'name',
  'unique',
  'sparse',
  'expireAfterSeconds',
  'partialFilterExpression',
  'v',
  'background',
  'ns',
]

/** @throws CommandError for an unsupported kind of index or option. */
export function readIndex(definition: Fields, number: number): Index {
  const unknown = Object.keys(definition).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw unsupported(`The index option ${unknown}`)
  const fields = Object.entries(definition.key as Fields).map(([name, direction]): IndexField => {
    if (!isNumber(direction)) throw unsupported(`A ${String(direction)} index`)
    if (name.includes('$')) throw unsupported(`An index on ${name}`)
    return { name, path: toPath(name), direction: toNumber(direction) < 0 ? -1 : 1 }
  })
  const filter = definition.partialFilterExpression
  if (definition.expireAfterSeconds !== undefined && fields.length > 1) {
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL')
  }
  if (filter !== undefined && definition.sparse === true) {
    throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options')
  }
  return {
    number,
    name: String(definition.name),
    fields,
    unique: definition.unique === true,
    sparse: definition.sparse === true,
    expireAfterSeconds: isNumber(definition.expireAfterSeconds) ? toNumber(definition.expireAfterSeconds) : null,
    partial: isObject(filter) ? { filter, fits: compileFilter(filter) } : null,
    definition,
  }
}

type IndexedNames = Readonly<{ names: Names; positions: readonly (readonly number[])[] }>

const indexed = new WeakMap<readonly Index[], IndexedNames>()

/** The top-level fields that indexes depend on, and for each index the positions of its own among them. */
export function indexedNames(indexes: readonly Index[]): IndexedNames {
  const known = indexed.get(indexes)
  if (known) return known
  const needed = indexes.map(({ fields, partial }) => [
    ...fields.map(({ path }) => path[0]!),
    ...(partial ? namesIn(partial.filter) : []),
  ])
  const all = [...new Set(needed.flat())]
  const created = { names: toNames(all), positions: needed.map((own) => own.map((name) => all.indexOf(name))) }
  indexed.set(indexes, created)
  return created
}

/** The entries of a document in an index. An array gives an entry for each item. */
export function entriesOf(index: Index, fields: Fields, id: Buffer): readonly Entry[] {
  if (index.partial && !index.partial.fits(fields)) return []
  const columns = index.fields.map(({ path }) => itemsAt(fields, path))
  if (index.sparse && columns.every((column) => column.every((value) => value === undefined))) return []
  if (columns.every(isSingle)) {
    const values = columns.map(([value]) => value)
    return [{ index, key: encodeCompound(values, index.fields, index.unique ? null : id) }]
  }
  if (columns.filter(({ length }) => length > 1).length > 1) {
    throw new CommandError(171, `cannot index parallel arrays in the index ${index.name}`)
  }
  let prefixes: Buffer[][] = [[]]
  for (const [position, column] of columns.entries()) {
    const keys = column.map((value) => encodeColumn(value, index.fields[position]!.direction))
    prefixes = prefixes.flatMap((prefix) => keys.map((key) => [...prefix, key]))
  }
  const keys = prefixes.map((parts) => Buffer.concat(index.unique ? parts : [...parts, id]))
  if (keys.length === 1) return [{ index, key: keys[0]! }]
  return [...new Map(keys.map((key) => [textOf(key), { index, key }])).values()]
}

export function encodeColumn(value: Value, direction: 1 | -1): Buffer {
  const key = encodeItem(value)
  return direction === 1 ? key : invert(key)
}

const isSingle = (column: readonly Value[]) => column.length === 1 && column[0] !== NO_ITEMS

/** Stands for an empty list, which sorts before null and equals nothing. */
const NO_ITEMS = Symbol('no items')
const NO_ITEMS_KEY = Buffer.from([TYPE_ORDER.null - 1])

export function encodeItem(item: Value): Buffer {
  return item === NO_ITEMS ? NO_ITEMS_KEY : encodeKey(item)
}

/** The values that an index or a sort uses: the items of an array instead of the array. */
export function itemsAt(fields: Fields, path: readonly string[]): Value[] {
  const values = path.length === 1 ? [fields[path[0]!]] : valuesAt(fields, path)
  if (values.length === 1 && !Array.isArray(values[0])) return values
  const items = values.flatMap((value) => (Array.isArray(value) ? (value.length === 0 ? [NO_ITEMS] : value) : [value]))
  return items.length === 0 ? [undefined] : items
}

export function duplicateKey(index: Index, namespace: string, body: Uint8Array): CommandError {
  const fields = decode(body)
  const keyValue = Object.fromEntries(index.fields.map(({ name, path }) => [name, shownItem(itemsAt(fields, path)[0])]))
  const shown = Object.entries(keyValue).map(([name, value]) => `${name}: ${show(value)}`)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: ${index.name} dup key: { ${shown.join(', ')} }`,
    { facts: { keyPattern: index.definition.key, keyValue } },
  )
}

const shownItem = (item: Value) => (item === NO_ITEMS ? undefined : item) ?? null

function show(value: Value): string {
  return typeOf(value) === 'string' ? JSON.stringify(value) : String(value)
}

export function duplicateId(namespace: string, body: Uint8Array): CommandError {
  const { _id } = decode(body)
  const shown = typeof _id === 'string' ? JSON.stringify(_id) : String(_id)
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${namespace} index: _id_ dup key: { _id: ${shown} }`,
    {
      facts: { keyPattern: { _id: 1 }, keyValue: { _id } },
    },
  )
}
