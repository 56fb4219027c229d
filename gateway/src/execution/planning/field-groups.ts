import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import { Kind, type SelectionNode } from 'graphql'
import { parseSelection } from './join-directives.ts'
import { type EntityField, entityFieldsOf, narrowFetch } from './narrow-fetch.ts'
import type { Variant } from './required-variants.ts'
import type { Requirements } from './requirements.ts'

/** Fields of the entities of one fetch that need the same: a key alone, or a key and what a `@requires` names. */
export type FieldGroup = Readonly<{
  /** As `Type.key`, with the key in the answer: one field can be fetched several times, with other arguments. */
  fields: readonly string[]
  /** Their keys in the answer. */
  keys: readonly string[]
  /** The selections of their representation. */
  requires: readonly QueryPlanSelectionNode[]
}>

/**
 * A fetch of entities, of which some fields need more than a key. `keys` has the names of the fields of its
 * keys: an entity with none of them has another type than those that are asked for.
 */
export type GroupedFetch = FetchNode &
  Readonly<{ groups?: readonly FieldGroup[]; keys?: readonly (readonly string[])[] }>

type Selections = readonly QueryPlanSelectionNode[]
type Needed = readonly SelectionNode[]

export const coordinateOf = ({ typeName, key }: EntityField) => `${typeName}.${key}`

/**
 * Adds to a fetch what each of its fields needs, so that an entity without all of it can be asked for the other fields. A
 * fetch whose fields need different variants of one field becomes several.
 */
export function groupFields(
  fetch: FetchNode,
  { requirements, variants }: Readonly<{ requirements: Requirements; variants: ReadonlyMap<string, Variant> }>,
): readonly GroupedFetch[] {
  const needs = readNeeds(fetch, requirements)
  if (needs === null) return [fetch]
  const parts: Need[][] = []
  for (const need of needs) {
    const part = parts.find((one) => !clash([...one, need], variants))
    if (part) part.push(need)
    else parts.push([need])
  }
  const base = chooseBase(fetch, needs, requirements)
  return parts.map((part) => toPart(fetch, part, { base, isWhole: parts.length === 1 }))
}

/** The selections that some fields of a fetch need beside a key. */
type Need = Readonly<{ requirement: Needed; fields: EntityField[] }>

/** Null if all fields need a key only. */
function readNeeds(fetch: FetchNode, { requirementOf }: Requirements): readonly Need[] | null {
  const needs = new Map<string, Need>()
  for (const field of entityFieldsOf(fetch)) {
    const text = requirementOf(fetch.serviceName, field.typeName, field.name)
    const known = needs.get(text)
    if (known) known.fields.push(field)
    else needs.set(text, { requirement: text === '' ? [] : parseSelection(text).selections, fields: [field] })
  }
  return needs.size === 0 || (needs.size === 1 && needs.has('')) ? null : [...needs.values()]
}

function toPart(
  fetch: FetchNode,
  part: readonly Need[],
  { base, isWhole }: Readonly<{ base: readonly Selections[]; isWhole: boolean }>,
): GroupedFetch {
  const pickFor = (needs: readonly Need[]): Selections => {
    const needed = needs.flatMap(({ requirement }) => requirement)
    return (fetch.requires ?? []).flatMap((selection, at) =>
      pick([selection], (name, path) => isIn(base[at]!, [...path, name]) || names(needed, [...path, name])),
    )
  }
  const groups = part.map(
    (need): FieldGroup => ({
      fields: [...new Set(need.fields.map(coordinateOf))],
      keys: [...new Set(need.fields.map(({ key }) => key))],
      requires: pickFor([need]),
    }),
  )
  const keys = base.map(namesOf).filter((names) => names.length > 0)
  if (isWhole) return { ...fetch, groups, keys }
  const wanted = new Set(groups.flatMap(({ fields }) => fields))
  const narrowed = narrowFetch(fetch, (field) => wanted.has(coordinateOf(field)))
  return { ...narrowed, requires: [...pickFor(part)], groups, keys }
}

/** The key within each selection of the requirements; empty where a selection has none. */
function chooseBase(fetch: FetchNode, needs: readonly Need[], { keysOf }: Requirements): readonly Selections[] {
  const requires = fetch.requires ?? []
  const base = requires.map((selection) => {
    const condition = (selection.kind === 'InlineFragment' && selection.typeCondition) || ''
    const key = keysOf(fetch.serviceName, condition).find(({ selections }) => contains([selection], selections))
    return key ? pick([selection], (name, path) => names(key.selections, [...path, name])) : []
  })
  if (base.some((selections) => selections.length > 0)) return base
  const required = needs.flatMap(({ requirement }) => requirement)
  return requires.map((selection) => pick([selection], (name, path) => !names(required, [...path, name])))
}

/** The outermost fields beside the type name. */
function namesOf(selections: Selections): readonly string[] {
  return selections.flatMap((one) => {
    if (one.kind === 'InlineFragment') return namesOf(one.selections)
    return one.name === '__typename' ? [] : [one.name]
  })
}

/** The fields that are wanted, with the fragments around them. A field is known by the names above it. */
function pick(
  selections: Selections,
  isWanted: (name: string, path: readonly string[]) => boolean,
  path: readonly string[] = [],
): QueryPlanSelectionNode[] {
  return selections.flatMap((selection): QueryPlanSelectionNode[] => {
    if (selection.kind === 'Field') {
      if (selection.name === '__typename') return [selection]
      if (!isWanted(selection.name, path)) return []
      if (selection.selections === undefined) return [selection]
      return [{ ...selection, selections: pick(selection.selections, isWanted, [...path, selection.name]) }]
    }
    const below = pick(selection.selections, isWanted, path)
    return below.length === 0 ? [] : [{ ...selection, selections: below }]
  })
}

/** Whether a selection names a field at this path, under any type. */
function names(selections: Needed, [name, ...rest]: readonly string[]): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return false
    if (selection.kind === Kind.INLINE_FRAGMENT) return names(selection.selectionSet.selections, [name!, ...rest])
    if (selection.name.value !== name) return false
    return rest.length === 0 || names(selection.selectionSet?.selections ?? [], rest)
  })
}

function isIn(selections: Selections, [name, ...rest]: readonly string[]): boolean {
  return selections.some((selection) => {
    if (selection.kind === 'InlineFragment') return isIn(selection.selections, [name!, ...rest])
    if (selection.name !== name) return false
    return rest.length === 0 || isIn(selection.selections ?? [], rest)
  })
}

function contains(selections: Selections, needed: Needed, path: readonly string[] = []): boolean {
  return needed.every((one) => {
    if (one.kind === Kind.FRAGMENT_SPREAD) return false
    if (one.kind === Kind.INLINE_FRAGMENT) return contains(selections, one.selectionSet.selections, path)
    const here = [...path, one.name.value]
    return isIn(selections, here) && contains(selections, one.selectionSet?.selections ?? [], here)
  })
}

/** Whether two different fields would have the same key in one representation. */
function clash(needs: readonly Need[], variants: ReadonlyMap<string, Variant>): boolean {
  const known = new Map<string, string>()
  const visit = (selections: Needed, path: string): boolean =>
    selections.some((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return false
      if (selection.kind === Kind.INLINE_FRAGMENT) return visit(selection.selectionSet.selections, path)
      const name = selection.name.value
      const sent = `${path}/${variants.get(name)?.field.name.value ?? name}`
      if ((known.get(sent) ?? name) !== name) return true
      known.set(sent, name)
      return visit(selection.selectionSet?.selections ?? [], sent)
    })
  return needs.some(({ requirement }) => visit(requirement, ''))
}
