import {
  type FragmentDefinitionNode,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isSpecifiedScalarType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import type { Row } from '../json.ts'
import type { TypeTable } from '../type-table.ts'

/**
 * Whether `JSON.parse` may have changed a number of an answer, of which it made `data`, where the digits matter: in an ID
 * or a custom scalar.
 */
export type LosesDigits = (data: Row, text: string) => boolean

/** How closely the text of an answer has to be looked at: not at all, at numbers after known keys, or at all numbers. */
type Suspicion = 0 | 1 | 2
type Inspect = (value: unknown) => Suspicion

/** The fields of an object by response key; of all types that it may have. */
type Fields = Map<string, Field>
type Field = { leaf: 'id' | 'custom' | null; below: Fields }

/**
 * Compiles the check of the answers to an operation. Most values of custom scalars are texts, and most numbers are Ints,
 * so that hardly any answer has to be looked through for numbers, which takes half as long as parsing it.
 */
export function compileLostDigits(operation: string, types: TypeTable): LosesDigits {
  const { definitions } = parse(operation, { noLocation: true })
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const root: Fields = new Map()
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    collect(definition.selectionSet, types.rootOf(definition.operation), { fragments, types }, root)
  }
  const keys = new Set<string>()
  const inspect = compileRow(root, keys)
  if (inspect === null) return () => false
  const alternatives = [...keys].map((key) => `"${key}"\\s*:\\s*`).join('|')
  const changed = new RegExp(`(?:${alternatives})-?(?:\\d+[.eE]|\\d{16})`)
  return (data, text) => {
    const suspicion = inspect(data)
    return suspicion === 2 || (suspicion === 1 && changed.test(text))
  }
}

type Source = Readonly<{ fragments: readonly FragmentDefinitionNode[]; types: TypeTable }>

function collect({ selections }: SelectionSetNode, parent: string | null, source: Source, fields: Fields): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const type = parent === null ? null : source.types.typeOfField(parent, selection.name.value)
      const key = selection.alias?.value ?? selection.name.value
      const field: Field = fields.get(key) ?? { leaf: null, below: new Map() }
      fields.set(key, field)
      if (selection.selectionSet) collect(selection.selectionSet, type && getNamedType(type).name, source, field.below)
      else field.leaf = leafOf(selection.name.value, type) ?? field.leaf
      continue
    }
    const isInline = selection.kind === Kind.INLINE_FRAGMENT
    const fragment = isInline ? selection : source.fragments.find(({ name }) => name.value === selection.name.value)
    if (fragment) collect(fragment.selectionSet, fragment.typeCondition?.name.value ?? parent, source, fields)
  }
}

/** A field that the supergraph does not know could be of a custom scalar. */
function leafOf(name: string, type: GraphQLOutputType | null): Field['leaf'] {
  if (name === '__typename') return null
  const named = type && getNamedType(type)
  if (named?.name === 'ID') return 'id'
  return named && (isEnumType(named) || isSpecifiedScalarType(named)) ? null : 'custom'
}

/** Null if no digits matter there. Adds the keys of the values in which they do. */
function compileRow(fields: Fields, keys: Set<string>): Inspect | null {
  const entries = [...fields].flatMap(([key, { leaf, below }]) => {
    if (leaf !== null) keys.add(key)
    const inspectBelow = compileRow(below, keys)
    const inspect = leaf === null ? inspectBelow : leaf === 'id' ? inspectId : inspectCustom
    return inspect === null ? [] : [{ key, inspect }]
  })
  if (entries.length === 0) return null
  const inspect: Inspect = (value) => {
    if (typeof value !== 'object' || value === null) return 0
    if (Array.isArray(value)) return inspectAll(value, inspect)
    let most: Suspicion = 0
    for (const { key, inspect: inspectField } of entries) {
      const own = inspectField((value as Row)[key])
      if (own > most) most = own
    }
    return most
  }
  return inspect
}

function inspectAll(values: readonly unknown[], inspect: Inspect): Suspicion {
  let most: Suspicion = 0
  for (const value of values) {
    const own = inspect(value)
    if (own > most) most = own
  }
  return most
}

function inspectCustom(value: unknown): Suspicion {
  if (typeof value === 'number') return 1
  return typeof value === 'object' && value !== null ? 2 : 0
}

/** A number of an ID is answered as a text, for which only its value counts. */
function inspectId(value: unknown): Suspicion {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 0 : 1
  return Array.isArray(value) ? inspectAll(value, (one) => (inspectId(one) === 0 ? 0 : 2)) : 0
}
