import type { FetchDataRewrite } from '@apollo/query-planner'
import { getOwn, isRow, type Row, setOwn } from '../json.ts'
import type { TypeTable } from '../type-table.ts'

const FRAGMENT = '... on '

/**
 * Applies the planner's rewrites to a representation (the name of an interface in place of an object type) or to an
 * answer (aliases that keep two fields apart).
 */
export function applyRewrites(rewrites: readonly FetchDataRewrite[], value: unknown, types: TypeTable): void {
  for (const rewrite of rewrites) rewriteAt(value, rewrite.path, rewrite, types)
}

function rewriteAt(value: unknown, path: readonly string[], rewrite: FetchDataRewrite, types: TypeTable): void {
  if (Array.isArray(value)) {
    for (const element of value) rewriteAt(element, path, rewrite, types)
    return
  }
  const [head, ...rest] = path
  if (!isRow(value) || head === undefined) return

  if (head.startsWith(FRAGMENT)) {
    if (isOfType(value, head.slice(FRAGMENT.length), types)) rewriteAt(value, rest, rewrite, types)
  } else if (rest.length > 0) rewriteAt(getOwn(value, head), rest, rewrite, types)
  else rewriteKey(value, head, rewrite)
}

function rewriteKey(row: Row, key: string, rewrite: FetchDataRewrite): void {
  if (rewrite.kind === 'ValueSetter') {
    setOwn(row, key, rewrite.setValueTo)
    return
  }
  const value = getOwn(row, key)
  if (value === undefined) return
  delete row[key]
  setOwn(row, rewrite.renameKeyTo, value)
}

/** A row without a type name was selected by this condition, so it satisfies it. */
function isOfType(row: Row, condition: string, types: TypeTable): boolean {
  const typeName = row.__typename
  return typeof typeName !== 'string' || types.isA(typeName, condition)
}
