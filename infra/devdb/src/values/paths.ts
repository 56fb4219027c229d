import { type Fields, isObject, type Value } from './bson.ts'

/**
 * All values at a dotted path, as a query sees them: arrays of documents are searched item by item, and a number in the
 * path is also a position in an array. `undefined` stands for a missing value.
 */
export function valuesAt(value: Value, path: readonly string[], depth = 0): Value[] {
  if (depth === path.length) return [value]
  const name = path[depth]!
  if (Array.isArray(value)) {
    const byPosition = hasItem(value, name) ? valuesAt(value[Number(name)], path, depth + 1) : []
    const through = value.filter(isObject).flatMap((item) => valuesAt(item, path, depth))
    return [...byPosition, ...through]
  }
  return isObject(value) && Object.hasOwn(value, name) ? valuesAt(value[name], path, depth + 1) : [undefined]
}

/** A list that a path names by its position in another list. A filter compares it as a whole, not its items. */
export class Whole {
  readonly list: readonly Value[]
  constructor(list: readonly Value[]) {
    this.list = list
  }
}

export function listIn(operand: Value): readonly Value[] | null {
  if (operand instanceof Whole) return operand.list
  return Array.isArray(operand) ? operand : null
}

/** The same as `valuesAt`, with each list that is named by its position as a `Whole`. */
export function operandsAt(value: Value, path: readonly string[]): Value[] {
  if (path.length < 2) return valuesAt(value, path)
  const last = path.at(-1)!
  return valuesAt(value, path.slice(0, -1)).flatMap((parent): Value[] => {
    if (!Array.isArray(parent) || !hasItem(parent, last)) return valuesAt(parent, [last])
    const item: Value = parent[Number(last)]
    const through = parent.filter(isObject).flatMap((one) => valuesAt(one, [last]))
    return [Array.isArray(item) ? new Whole(item) : item, ...through]
  })
}

/**
 * All values at a dotted path, as an index and a sort see them: an item that is no document lacks the field, and a number
 * that is a position in an array is a name only for the documents that have it.
 */
export function keyValuesAt(value: Value, path: readonly string[], depth = 0): Value[] {
  if (depth === path.length) return [value]
  const name = path[depth]!
  if (!Array.isArray(value)) {
    return isObject(value) && Object.hasOwn(value, name) ? keyValuesAt(value[name], path, depth + 1) : [undefined]
  }
  if (!hasItem(value, name)) {
    return value.flatMap((item) => (isObject(item) ? keyValuesAt(item, path, depth) : [undefined]))
  }
  const named = value.filter((item) => isObject(item) && Object.hasOwn(item, name))
  return [
    ...keyValuesAt(value[Number(name)], path, depth + 1),
    ...named.flatMap((item) => keyValuesAt(item, path, depth)),
  ]
}

export const isPosition = (name: string) => /^\d+$/.test(name)
const hasItem = (list: readonly Value[], name: string) => isPosition(name) && Number(name) < list.length

/** The one value at a path; arrays are entered by position only. */
export function valueAt(fields: Fields, path: readonly string[]): Value {
  let value: Value = fields
  for (const name of path) {
    if (Array.isArray(value) && /^\d+$/.test(name)) value = value[Number(name)]
    else if (isObject(value)) value = Object.hasOwn(value, name) ? value[name] : undefined
    else return undefined
  }
  return value
}

const split = new Map<string, readonly string[]>()
const SPLIT_MAX = 10_000

/** Splits `a.b` into its names. Cached, because each query repeats the same few paths for every document. */
export function toPath(dotted: string): readonly string[] {
  const known = split.get(dotted)
  if (known) return known
  const path = dotted.split('.')
  if (split.size < SPLIT_MAX) split.set(dotted, path)
  return path
}
