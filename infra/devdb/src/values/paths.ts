import { type Fields, isObject, type Value } from './bson.ts'

/**
 * All values at a dotted path, as a query sees them: arrays of documents are searched item by item, and a number in the
 * path is also a position in an array. `undefined` stands for a missing value.
 */
export function valuesAt(value: Value, path: readonly string[], depth = 0): Value[] {
  if (depth === path.length) return [value]
  const name = path[depth]!
  if (Array.isArray(value)) {
    const byPosition =
      /^\d+$/.test(name) && Number(name) < value.length ? valuesAt(value[Number(name)], path, depth + 1) : []
    const through = value.filter(isObject).flatMap((item) => valuesAt(item, path, depth))
    return [...byPosition, ...through]
  }
  return isObject(value) && Object.hasOwn(value, name) ? valuesAt(value[name], path, depth + 1) : [undefined]
}

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
