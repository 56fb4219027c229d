import type { QueryPlan } from '@apollo/query-planner'
import { type ConstDirectiveNode, type DocumentNode, Kind, visit } from 'graphql'
import { addTwins } from './interface-objects.ts'
import { standInForVariants } from './required-variants.ts'
import { readRequirements } from './requirements.ts'
import { restorePlan } from './restore-plan.ts'

export type Planning = Readonly<{
  /** The supergraph for the planner. */
  document: DocumentNode
  /** Reverts in a plan the changes made for the planner. */
  restore: (plan: QueryPlan) => QueryPlan
}>

/** Works around errors of the planner by a changed supergraph, in which they do not occur. */
export function preparePlanning(supergraph: DocumentNode): Planning {
  const { document: extended, twins } = addTwins(supergraph)
  const { document, variants } = standInForVariants(withResolvableKeysFirst(extended))
  const known = { variants, twins, requirements: readRequirements(document) }
  return { document, restore: (plan) => restorePlan(plan, known) }
}

/** The planner uses the first key of a type, even if no subgraph can resolve it. */
function withResolvableKeysFirst(supergraph: DocumentNode): DocumentNode {
  const sort = <Node extends { readonly directives?: readonly ConstDirectiveNode[] }>(node: Node): Node => ({
    ...node,
    directives: [...(node.directives ?? [])].sort((a, b) => Number(isUnresolvable(a)) - Number(isUnresolvable(b))),
  })
  return visit(supergraph, { ObjectTypeDefinition: sort, InterfaceTypeDefinition: sort })
}

function isUnresolvable(directive: ConstDirectiveNode): boolean {
  const given = directive.arguments?.find(({ name }) => name.value === 'resolvable')?.value
  return given?.kind === Kind.BOOLEAN && !given.value
}
