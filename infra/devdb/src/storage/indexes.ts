import { CommandError, unsupported } from '../errors.ts'
import { compileTest, type Test } from '../queries/stored-test.ts'
import { decode, type Fields, isNumber, isObject, TYPE_ORDER, toNumber, typeOf, type Value } from '../values/bson.ts'
import { encodeKey, invert } from '../values/keys.ts'
import { keyValuesAt, toPath } from '../values/paths.ts'
import { type Names, toNames } from '../values/raw.ts'

export type IndexField = Readonly<{ name: string; path: readonly string[]; pathNames: Names; direction: 1 | -1 }>
export type Index = Readonly<{
  number: number
  name: string
  fields: readonly IndexField[]
  unique: boolean
  sparse: boolean
  expireAfterSeconds: number | null
  partial: Readonly<{ filter: Fields; fits: Test }> | null
  /** As the client gave it, for listIndexes. */
  definition: Fields
}>

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
    const path = toPath(name)
    return { name, path, pathNames: toNames(path), direction: toNumber(direction) < 0 ? -1 : 1 }
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
    partial: isObject(filter) ? { filter, fits: compileTest(filter) } : null,
    definition,
  }
}

export function encodeColumn(value: Value, direction: 1 | -1): Buffer {
  const key = encodeItem(value)
  return direction === 1 ? key : invert(key)
}

/** Stands for an empty list, which sorts before null and equals nothing. */
export const NO_ITEMS = Symbol('no items')
const NO_ITEMS_KEY = Buffer.from([TYPE_ORDER.null - 1])

export function encodeItem(item: Value): Buffer {
  return item === NO_ITEMS ? NO_ITEMS_KEY : encodeKey(item)
}

/** The values that an index or a sort uses: the items of an array instead of the array. */
export function itemsAt(fields: Fields, path: readonly string[]): Value[] {
  const values = path.length === 1 ? [fields[path[0]!]] : keyValuesAt(fields, path)
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
