import { getOwn, isRow } from '../json.ts'

/** The path of an error in the answer. */
export type Path = readonly (string | number)[]

const EACH = '@'

/** The paths of the objects at `pattern`, in order; `@` stands for every element of a list. */
export function pathsAt(root: unknown, pattern: readonly string[]): Path[] {
  const found: Path[] = []
  const walk = (value: unknown, depth: number, path: Path) => {
    const key = pattern[depth]
    if (value === null || value === undefined) return
    if (key === undefined) found.push(path)
    else if (key === EACH) {
      const elements = Array.isArray(value) ? value.entries() : []
      for (const [index, element] of elements) walk(element, depth + 1, [...path, index])
    } else if (isRow(value)) walk(getOwn(value, key), depth + 1, [...path, key])
  }
  walk(root, 0, [])
  return found
}

/** The objects at `pattern`, in the same order. */
export function rowsAt(value: unknown, pattern: readonly string[], depth = 0): unknown[] {
  let current = value
  for (let at = depth; at < pattern.length; at++) {
    if (current === null || current === undefined) return []
    const key = pattern[at]!
    if (key === EACH) return Array.isArray(current) ? rowsOfEach(current, pattern, at + 1) : []
    if (!isRow(current)) return []
    current = getOwn(current, key)
  }
  return current === null || current === undefined ? [] : [current]
}

function rowsOfEach(list: readonly unknown[], pattern: readonly string[], depth: number): unknown[] {
  if (depth === pattern.length) return list.filter((element) => element !== null && element !== undefined)
  return list.flatMap((element) => rowsAt(element, pattern, depth))
}

/**
 * The places of an error that concerns a whole fetch: its fields, or the list above them if there would be one for each
 * element.
 */
export function placesOf(pattern: readonly string[], fields: readonly string[]): Path[] {
  const each = pattern.indexOf(EACH)
  if (each !== -1) return [pattern.slice(0, each)]
  return fields.map((field) => [...pattern, field])
}
