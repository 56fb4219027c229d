import type { FetchNode, PlanNode, QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner'
import { type FieldNode, parse, print, stripIgnoredCharacters, visit } from 'graphql'
import { type GroupedFetch, groupFields } from './field-groups.ts'
import type { Twin } from './interface-objects.ts'
import type { Variant } from './required-variants.ts'
import type { Requirements } from './requirements.ts'
import { askByInterface, mergeEqual, splitByMember } from './restore-twin.ts'

export type Restoring = Readonly<{
  /** By the name of the stand-in. */
  variants: ReadonlyMap<string, Variant>
  requirements: Requirements
  /** By the name of the service that stands for a subgraph. */
  twins: ReadonlyMap<string, Twin>
}>

/**
 * Replaces stand-ins in a plan by the fields they stand for: aliased by the stand-in's name in requests, and under their
 * own name in representations. Each fetch of entities is completed by what its fields need.
 */
export function restorePlan(plan: QueryPlan, known: Restoring): QueryPlan {
  const { node } = plan
  if (node === undefined) return plan
  if (node.kind !== 'Subscription') return { ...plan, node: restoreNode(node, known) }
  const rest = node.rest && restoreNode(node.rest, known)
  const primary = restoreFetch(node.primary, known)
  return { ...plan, node: { ...node, primary, ...(rest && { rest }) } }
}

function restoreNode(node: PlanNode, known: Restoring): PlanNode {
  switch (node.kind) {
    case 'Fetch': {
      const restored = node.requires ? restoreEntities(node, known) : [restoreFetch(node, known)]
      return restored.length === 1 ? restored[0]! : { kind: 'Parallel', nodes: [...restored] }
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

function restoreEntities(fetch: FetchNode, known: Restoring): readonly GroupedFetch[] {
  const twin = known.twins.get(fetch.serviceName)
  const fetches = twin ? splitByMember(fetch, twin) : [fetch]
  const restored = fetches.flatMap((one) => groupFields(one, known)).map((one) => restoreFetch(one, known))
  return twin ? mergeEqual(restored.map((one) => askByInterface(one, twin))) : restored
}

function restoreFetch<Fetch extends GroupedFetch>(fetch: Fetch, known: Restoring): Fetch {
  if (known.variants.size === 0) return fetch
  const document = visit(parse(fetch.operation, { noLocation: true }), {
    Field(field) {
      const variant = known.variants.get(field.name.value)
      if (variant === undefined) return undefined
      const alias = field.alias ?? field.name
      return { ...field, alias, name: variant.field.name, arguments: variant.field.arguments ?? [] } as FieldNode
    },
  })
  const requires = fetch.requires && restoreSelections(fetch.requires, known)
  const groups = fetch.groups?.map((group) => ({ ...group, requires: restoreSelections(group.requires, known) }))
  const operation = stripIgnoredCharacters(print(document))
  return { ...fetch, operation, ...(requires && { requires }), ...(groups && { groups }) }
}

/** Read under the name of the stand-in, sent under the field's own. */
function restoreSelections(selections: readonly QueryPlanSelectionNode[], known: Restoring): QueryPlanSelectionNode[] {
  return selections.map((selection) => {
    const below = selection.selections && { selections: restoreSelections(selection.selections, known) }
    if (selection.kind === 'InlineFragment') return { ...selection, ...below } as QueryPlanSelectionNode
    const variant = known.variants.get(selection.name)
    const named = variant && { alias: selection.name, name: variant.field.name.value }
    return { ...selection, ...below, ...named }
  })
}
