import type { FetchDataRewrite, QueryPlanSelectionNode } from '@apollo/query-planner'
import { getOwn, isRow, quote, type Row, setOwn } from '../json.ts'
import type { TypeTable } from '../type-table.ts'
import { mergeRow } from './merge.ts'
import { applyRewrites } from './rewrites.ts'

/** The representation of an entity as JSON; null for one of another type; undefined if a required field is missing. */
export type Represent = (entity: Row) => string | null | undefined

export type RepresentationParts = Readonly<{
  requires: readonly QueryPlanSelectionNode[]
  rewrites: readonly FetchDataRewrite[]
  /** The fields of the keys, of which a representation has one; empty where all of `requires` is a key. */
  keys: readonly (readonly string[])[]
  types: TypeTable
}>

export function compileRepresentation(parts: RepresentationParts): Represent {
  return simpleForm(parts) ?? generalForm(parts)
}

type Key = Readonly<{ name: string; head: string }>

/** The usual form, of the type and scalar keys: `... on Issue { __typename id }`. Null for any other. */
function simpleForm({ requires, rewrites, types }: RepresentationParts): Represent | null {
  const [fragment, ...others] = requires
  if (others.length > 0 || rewrites.length > 0 || fragment?.kind !== 'InlineFragment') return null
  const condition = fragment.typeCondition
  const keys: Key[] = []
  for (const field of fragment.selections) {
    if (field.kind !== 'Field' || field.selections || field.name in Object.prototype) return null
    if (field.name !== '__typename') keys.push({ name: field.alias ?? field.name, head: `,${quote(field.name)}:` })
  }
  if (condition === undefined) return null
  const headOf = (typeName: string) => `{"__typename":${quote(typeName)}`
  const usualHead = headOf(condition)

  return (entity) => {
    const typeName = entity.__typename
    if (typeof typeName !== 'string' || !types.isA(typeName, condition)) return null
    let text = typeName === condition ? usualHead : headOf(typeName)
    for (const { name, head } of keys) {
      const value = entity[name]
      if (value === undefined) return undefined
      text += head + (typeof value === 'string' ? quote(value) : JSON.stringify(value))
    }
    return `${text}}`
  }
}

function generalForm({ requires, rewrites, keys, types }: RepresentationParts): Represent {
  const hasKey = (row: Row) => keys.length === 0 || keys.some((key) => key.every((name) => Object.hasOwn(row, name)))
  return (entity) => {
    const row = selectRow(entity, requires, types)
    if (row === MISSING) return undefined
    if (!row.__typename || !hasKey(row)) return null
    applyRewrites(rewrites, row, types)
    return JSON.stringify(row)
  }
}

const MISSING = Symbol('missing')

function selectRow(source: Row, selections: readonly QueryPlanSelectionNode[], types: TypeTable): Row | typeof MISSING {
  const row: Row = {}
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const value = selectValue(getOwn(source, selection.alias ?? selection.name), selection.selections, types)
      if (value === MISSING) return MISSING
      setOwn(row, selection.name, value)
    } else if (meets(source, selection.typeCondition, types)) {
      const found = selectRow(source, selection.selections, types)
      if (found === MISSING) return MISSING
      mergeRow(row, found, types)
    }
  }
  return row
}

function selectValue(
  value: unknown,
  selections: readonly QueryPlanSelectionNode[] | undefined,
  types: TypeTable,
): unknown {
  if (value === undefined) return MISSING
  if (selections === undefined || value === null) return value
  if (!Array.isArray(value)) return isRow(value) ? selectRow(value, selections, types) : value
  const elements = value.map((element) => selectValue(element, selections, types))
  return elements.includes(MISSING) ? MISSING : elements
}

function meets(row: Row, condition: string | undefined, types: TypeTable): boolean {
  const typeName = row.__typename
  return condition !== undefined && typeof typeName === 'string' && types.isA(typeName, condition)
}
