import type { Principal } from '@redress/shared/access/permissions.ts'
import type { DocumentNode, GraphQLCompositeType, OperationDefinitionNode } from 'graphql'
import { compileOperation, type RunOperation } from '../../execution/operation.ts'
import { createReference } from '../../execution/reference.ts'
import { UnsupportedPlanError } from '../../execution/steps/compile-plan.ts'
import type { Graph } from '../graph.ts'
import { isDenied, permissionsOf } from '../permissions.ts'
import { toPlannable } from './plannable.ts'

/** Compiles an operation for principals, once for each set of permissions that it needs and a principal lacks. */
export function createRuns(
  graph: Graph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): (principal: Principal) => RunOperation {
  const needed = permissionsOf(document, graph.schema, graph.permissions)
  const runs = new Map<string, RunOperation>()
  return (principal) => {
    const denied = needed.filter((urn) => isDenied(principal, urn))
    const key = denied.join()
    const known = runs.get(key)
    if (known) return known
    const run = compile(graph, { document, operation, denied: new Set(denied) })
    runs.set(key, run)
    return run
  }
}

type Parts = Readonly<{ document: DocumentNode; operation: OperationDefinitionNode; denied: ReadonlySet<string> }>

function compile({ schema, supergraph, environment, permissions }: Graph, { document, operation, denied }: Parts) {
  const deniedAt = (parent: GraphQLCompositeType, field: string) =>
    denied.size === 0 ? null : (permissions(parent, field).find((urn) => denied.has(urn)) ?? null)
  const { plannedKey } = supergraph
  const isLeftOut = (parent: GraphQLCompositeType, field: string) => deniedAt(parent, field) !== null
  const plannable = toPlannable(document, { schema, plannedKey, isLeftOut })
  const plan = supergraph.plan(plannable, operation.name?.value ?? null)
  try {
    return compileOperation({ schema, document, operation, plan, environment, deniedAt, plannedKey })
  } catch (error) {
    if (!(error instanceof UnsupportedPlanError)) throw error
    return createReference({ supergraph, document: plannable, operation, plan, sources: environment.sources })
  }
}
