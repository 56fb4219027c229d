import type { FetchNode, PlanNode, QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner'
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql'
import type { RequiredVariants } from './required-variants.ts'

/**
 * Replaces stand-ins in a plan by the fields they stand for: aliased by the stand-in's name in requests, and under their
 * own name in representations. If two variants of one field would collide there, each gets a request of its own.
 */
export function restorePlan(plan: QueryPlan, known: RequiredVariants): QueryPlan {
  if (known.variants.size === 0 || plan.node === undefined) return plan
  const { node } = plan
  if (node.kind !== 'Subscription') return { ...plan, node: restoreNode(node, known) }
  const rest = node.rest && restoreNode(node.rest, known)
  const primary = restoreFetch(node.primary, known)
  return { ...plan, node: { ...node, primary, ...(rest && { rest }) } }
}

function restoreNode(node: PlanNode, known: RequiredVariants): PlanNode {
  switch (node.kind) {
    case 'Fetch': {
      const fetches = split(node, known).map((part) => restoreFetch(part, known))
      return fetches.length === 1 ? fetches[0]! : { kind: 'Parallel', nodes: fetches }
    }
    case 'Flatten':
      return { ...node, node: restoreNode(node.node, known) }
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => restoreNode(child, known)) }
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: restoreNode(node.ifClause, known) }),
        ...(node.elseClause && { elseClause: restoreNode(node.elseClause, known) }),
      }
    default:
      return node
  }
}

function restoreFetch(fetch: FetchNode, known: RequiredVariants): FetchNode {
  const document = visit(parse(fetch.operation, { noLocation: true }), {
    Field(field) {
      const variant = known.variants.get(field.name.value)
      if (variant === undefined) return undefined
      const alias = field.alias ?? field.name
      return { ...field, alias, name: variant.field.name, arguments: variant.field.arguments ?? [] } as FieldNode
    },
  })
  const requires = fetch.requires && restoreSelections(fetch.requires, known)
  return { ...fetch, operation: stripIgnoredCharacters(print(document)), ...(requires && { requires }) }
}

/** Read under the name of the stand-in, sent under the field's own. */
function restoreSelections(
  selections: readonly QueryPlanSelectionNode[],
  known: RequiredVariants,
): QueryPlanSelectionNode[] {
  return selections.map((selection) => {
    const below = selection.selections && { selections: restoreSelections(selection.selections, known) }
    if (selection.kind === 'InlineFragment') return { ...selection, ...below } as QueryPlanSelectionNode
    const variant = known.variants.get(selection.name)
    const named = variant && { alias: selection.name, name: variant.field.name.value }
    return { ...selection, ...below, ...named }
  })
}

/** One fetch for each set of fields whose requirements do not collide. */
function split(fetch: FetchNode, known: RequiredVariants): readonly FetchNode[] {
  if (fetch.requires === undefined || !hasClash(fetch.requires, known)) return [fetch]
  const document = parse(fetch.operation, { noLocation: true })
  const groups: Set<string>[] = []
  const groupOf = new Map<string, number>()
  for (const coordinate of fieldsOf(document)) {
    const needed = known.neededBy.get(coordinate) ?? new Set()
    let at = groups.findIndex((group) => !clashes(new Set([...group, ...needed]), known))
    if (at === -1) at = groups.push(new Set()) - 1
    for (const name of needed) groups[at]!.add(name)
    groupOf.set(coordinate, at)
  }
  return groups.map((group, at) => ({
    ...fetch,
    operation: print(withFields(document, (coordinate) => groupOf.get(coordinate) === at)),
    requires: withVariants(fetch.requires!, group, known),
  }))
}

function hasClash(selections: readonly QueryPlanSelectionNode[], known: RequiredVariants): boolean {
  const names = new Set<string>()
  return selections.some((selection) => {
    if (selection.selections && hasClash(selection.selections, known)) return true
    if (selection.kind === 'InlineFragment') return false
    const name = known.variants.get(selection.name)?.field.name.value ?? selection.name
    if (names.has(name)) return true
    names.add(name)
    return false
  })
}

/** Whether two of them are variants of the same field. */
function clashes(names: ReadonlySet<string>, known: RequiredVariants): boolean {
  const fields = [...names].map((name) => known.variants.get(name)!.field.name.value)
  return new Set(fields).size < fields.length
}

/** The fields fetched of each entity, as `Type.field`. */
function fieldsOf(document: DocumentNode): readonly string[] {
  const found: string[] = []
  eachEntityField(document, (coordinate) => {
    found.push(coordinate)
    return true
  })
  return found
}

function withFields(document: DocumentNode, isKept: (coordinate: string) => boolean): DocumentNode {
  return eachEntityField(document, isKept)
}

function eachEntityField(document: DocumentNode, isKept: (coordinate: string) => boolean): DocumentNode {
  const [operation, ...others] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return document
  const [entities] = operation.selectionSet.selections
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) return document
  const keep = (typeName: string, selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return isKept(`${typeName}.${selection.name.value}`) ? [selection] : []
      if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection]
      const kept = keep(selection.typeCondition?.name.value ?? typeName, selection.selectionSet.selections)
      return kept.length === 0 ? [] : [{ ...selection, selectionSet: { ...selection.selectionSet, selections: kept } }]
    })
  const selectionSet = { ...entities.selectionSet, selections: keep('', entities.selectionSet.selections) }
  const root = { ...operation.selectionSet, selections: [{ ...entities, selectionSet }] }
  return { ...document, definitions: [{ ...operation, selectionSet: root }, ...others] }
}

function withVariants(
  selections: readonly QueryPlanSelectionNode[],
  wanted: ReadonlySet<string>,
  known: RequiredVariants,
): QueryPlanSelectionNode[] {
  return selections.flatMap((selection): QueryPlanSelectionNode[] => {
    if (selection.kind === 'Field' && known.variants.has(selection.name) && !wanted.has(selection.name)) return []
    if (selection.selections === undefined) return [selection]
    const below = withVariants(selection.selections, wanted, known)
    return below.length === 0 ? [] : [{ ...selection, selections: below } as QueryPlanSelectionNode]
  })
}
