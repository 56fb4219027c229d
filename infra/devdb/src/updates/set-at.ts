import { CommandError } from '../errors.ts'
import { type Fields, isObject, type Value } from '../values/bson.ts'
import { isPosition, valueAt } from '../values/paths.ts'

/** MongoDB's limit for the number of nulls that are added to an array to reach a position. */
const PADDING_MAX = 1_500_000

/** Sets the value at a path. Missing documents on the way are created. */
export function setAt(fields: Fields, path: readonly string[], value: Value): void {
  let parent: Value = fields
  for (const [depth, name] of path.entries()) {
    const isLast = depth === path.length - 1
    if (Array.isArray(parent)) {
      if (!isPosition(name)) throw notViable(name, path)
      const index = Number(name)
      if (index - parent.length > PADDING_MAX) throw new CommandError(2, `Cannot fill a list up to place ${index}`)
      while (parent.length < index) parent.push(null)
      if (isLast) parent[index] = value
      else if (index === parent.length) parent.push({})
      parent = parent[index]
    } else if (isObject(parent)) {
      if (isLast) parent[name] = value
      else if (!Object.hasOwn(parent, name)) parent[name] = {}
      parent = parent[name]
    } else throw notViable(name, path)
  }
}

/**
 * The value at a path; undefined when it is missing. @throws CommandError PathNotViable when the path leads through a
 * value that is neither a document nor a list with this position.
 */
export function findAt(fields: Fields, path: readonly string[]): Value {
  let value: Value = fields
  for (const name of path) {
    if (Array.isArray(value)) {
      if (!isPosition(name)) throw notViable(name, path)
      value = value[Number(name)]
    } else if (isObject(value)) value = Object.hasOwn(value, name) ? value[name] : undefined
    else if (value === undefined) return undefined
    else throw notViable(name, path)
  }
  return value
}

/** @throws CommandError when a path leads through a list, which `$rename` allows at neither end. */
export function refuseLists(fields: Fields, path: readonly string[]): void {
  const isList = path.some((_, depth) => Array.isArray(valueAt(fields, path.slice(0, depth))))
  if (isList) throw new CommandError(2, `$rename cannot use '${path.join('.')}', which leads into a list`)
}

function notViable(name: string, path: readonly string[]): CommandError {
  return new CommandError(28, `Cannot create field '${name}' in element at '${path.join('.')}'`)
}
