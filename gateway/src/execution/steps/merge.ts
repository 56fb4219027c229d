import { isRow, type Row } from '../json.ts'
import type { TypeTable } from '../type-table.ts'

/**
 * Merges what one fetch found into what others found before: rows by key, lists of the same length by position,
 * anything else replaced. A type name gives way only to one that is as exact.
 */
export function mergeRow(target: Row, source: Row, types: TypeTable): void {
  for (const key of Object.keys(source)) {
    const value = source[key]
    if (value !== undefined) mergeKey(target, key, value, types)
  }
}

function mergeKey(target: Row, key: string, value: unknown, types: TypeTable): void {
  // No plan asks for it, and it is no key of a row to JavaScript: whoever sends it means no good.
  if (key === '__proto__') return
  const known = target[key]
  if (isRow(known) && isRow(value)) mergeRow(known, value, types)
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
