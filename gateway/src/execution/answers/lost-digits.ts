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

/** The keys whose numbers have to be looked at in the text of an answer, one bit each; the highest stands for all numbers. */
type Suspects = number
const ALL: Suspects = 1 << 30
type Inspect = (value: unknown) => Suspects

/** Combinations of keys that are cached; nearly all answers to an operation have the same. */
const PATTERNS_MAX = 32

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
  const keys: string[] = []
  const inspect = compileRow(root, keys)
  if (inspect === null) return () => false
  const patterns = new Map<Suspects, RegExp>()
  const patternOf = (suspects: Suspects): RegExp => {
    const known = patterns.get(suspects) ?? toPattern(keys.filter((_, index) => suspects & (1 << index)))
    if (patterns.size >= PATTERNS_MAX) patterns.clear()
    patterns.set(suspects, known)
    return known
  }
  return (data, text) => {
    const suspects = inspect(data)
    return suspects !== 0 && (suspects >= ALL || patternOf(suspects).test(text))
  }
}

/** Finds numbers that may have changed after these keys. It searches for one key much faster than for many. */
function toPattern(keys: readonly string[]): RegExp {
  return new RegExp(`(?:${keys.map((key) => `"${key}"\\s*:\\s*`).join('|')})-?(?:\\d+[.eE]|\\d{16})`)
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
function compileRow(fields: Fields, keys: string[]): Inspect | null {
  const entries = [...fields].flatMap(([key, { leaf, below }]) => {
    const inspect = leaf === null ? compileRow(below, keys) : compileLeaf(leaf, bitOf(key, keys))
    return inspect === null ? [] : [{ key, inspect }]
  })
  if (entries.length === 0) return null
  const inspectObject = compileObject(entries)
  const inspect: Inspect = (value) => {
    if (typeof value !== 'object' || value === null) return 0
    if (!Array.isArray(value)) return inspectObject(value)
    let suspects: Suspects = 0
    for (const one of value) suspects |= inspect(one)
    return suspects
  }
  return inspect
}

/** Compiled, because a loop would read properties by changing names, which takes five times as long. */
function compileObject(entries: readonly Readonly<{ key: string; inspect: Inspect }>[]): Inspect {
  const names = entries.map((_, index) => `i${index}`)
  const values = entries.map(({ key }, index) => `${names[index]}(row[${JSON.stringify(key)}])`)
  const body = `const [${names.join(',')}]=inspects;return (row)=>${values.join('|')}`
  return new Function('inspects', body)(entries.map(({ inspect }) => inspect)) as Inspect
}

function bitOf(key: string, keys: string[]): Suspects {
  if (!keys.includes(key)) keys.push(key)
  return 1 << Math.min(keys.indexOf(key), 30)
}

function compileLeaf(leaf: 'id' | 'custom', bit: Suspects): Inspect {
  // A number of an ID is answered as a text, for which only its value counts.
  const isSuspect = (value: unknown) => typeof value === 'number' && !(leaf === 'id' && Number.isSafeInteger(value))
  return (value) => {
    if (typeof value !== 'object' || value === null) return isSuspect(value) ? bit : 0
    if (leaf === 'custom' || !Array.isArray(value)) return ALL
    return value.every((one) => typeof one === 'string' || (typeof one === 'number' && !isSuspect(one))) ? 0 : ALL
  }
}
