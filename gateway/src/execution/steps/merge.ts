import { isRow, type Row } from '../json.ts'
import type { TypeTable } from '../type-table.ts'

/**
 * Merges the data of one fetch into that of earlier ones: rows by key, lists of equal length by position; any other value
 * is replaced. The name of an object type is not replaced by that of an interface.
 */
export function mergeRow(target: Row, source: Row, types: TypeTable): void {
  for (const key of Object.keys(source)) {
    const value = source[key]
    if (value !== undefined) mergeKey(target, key, value, types)
  }
}

function mergeKey(target: Row, key: string, value: unknown, types: TypeTable): void {
  // No plan fetches it, and setting it would change the prototype of the row.
  if (key === '__proto__') return
  const known = target[key]
  if (known === undefined) target[key] = value
  else if (isRow(known) && isRow(value)) mergeRow(known, value, types)
  else if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) mergeList(known, value, types)
  else if (key !== '__typename' || !types.isLessExact(value, known)) target[key] = value
}

function mergeList(target: unknown[], source: readonly unknown[], types: TypeTable): void {
  source.forEach((value, index) => {
    const known = target[index]
    if (isRow(known) && isRow(value)) mergeRow(known, value, types)
    else if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
      mergeList(known, value, types)
    } else target[index] = value
  })
}
