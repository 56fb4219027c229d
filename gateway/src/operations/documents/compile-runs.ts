import type { Principal } from '@redress/shared/access/permissions.ts'
import type { DocumentNode, GraphQLCompositeType, OperationDefinitionNode } from 'graphql'
import { compileOperation, type RunOperation } from '../../execution/operation.ts'
import { PlanningError } from '../../execution/planning/planning.ts'
import { createReference } from '../../execution/reference.ts'
import { UnsupportedPlanError } from '../../execution/steps/compile-plan.ts'
import type { Graph } from '../graph.ts'
import { isDenied, permissionsOf } from '../permissions.ts'
import { refusal } from '../refusal.ts'
import { extractExactLiterals } from './exact-literals.ts'
import { toPlannable } from './plannable.ts'

/** How to run an operation for a principal; a promise only until it is planned. */
export type RunFor = (principal: Principal) => RunOperation | Promise<RunOperation>

/**
 * Plans and compiles an operation for principals, once for each set of permissions that it needs and a principal lacks.
 * @throws RefusedOperationError if its planning exceeds a limit, and any error of the planner; both by the promise.
 */
export function createRuns(graph: Graph, document: DocumentNode, operation: OperationDefinitionNode): RunFor {
  const needed = permissionsOf(document, graph.schema, graph.permissions)
  const runs = new Map<string, RunOperation | Promise<RunOperation>>()
  return (principal) => {
    const denied = needed.filter((urn) => isDenied(principal, urn))
    const key = denied.join()
    const known = runs.get(key)
    if (known) return known
    const compiling = compile(graph, { document, operation, denied: new Set(denied) })
    runs.set(key, compiling)
    compiling.then(
      (run) => runs.set(key, run),
      () => runs.delete(key),
    )
    return compiling
  }
}

type Parts = Readonly<{ document: DocumentNode; operation: OperationDefinitionNode; denied: ReadonlySet<string> }>

async function compile(graph: Graph, { document, operation, denied }: Parts): Promise<RunOperation> {
  const { schema, supergraph, environment, permissions } = graph
  const deniedAt = (parent: GraphQLCompositeType, field: string) =>
    denied.size === 0 ? null : (permissions(parent, field).find((urn) => denied.has(urn)) ?? null)
  const { plannedKey } = supergraph
  const isLeftOut = (parent: GraphQLCompositeType, field: string) => deniedAt(parent, field) !== null
  const exact = extractExactLiterals(schema, document)
  const plannable = toPlannable(exact.document, { schema, plannedKey, isLeftOut })
  const plan = await planOrRefuse(graph.plan, plannable, operation)
  try {
    const { values } = exact
    return compileOperation({ schema, document, operation, plan, environment, deniedAt, plannedKey, values })
  } catch (error) {
    if (!(error instanceof UnsupportedPlanError)) throw error
    return createReference({ supergraph, document: plannable, operation, plan, sources: environment.sources })
  }
}

async function planOrRefuse(plan: Graph['plan'], plannable: DocumentNode, { name }: OperationDefinitionNode) {
  try {
    return await plan(plannable, name?.value ?? null)
  } catch (error) {
    if (!(error instanceof PlanningError)) throw error
    if (error.failure === 'too complex') throw refusal('QUERY_TOO_COSTLY', error.message)
    if (error.failure === 'busy') throw refusal('RATE_LIMITED', error.message, 429)
    throw error
  }
}
