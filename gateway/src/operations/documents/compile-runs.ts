import type { Principal } from '@redress/shared/access/permissions.ts'
import type {
  DocumentNode,
  FieldNode,
  GraphQLCompositeType,
  GraphQLFormattedError,
  OperationDefinitionNode,
} from 'graphql'
import type { RefusalAt } from '../../execution/answers/selection.ts'
import { codedError } from '../../execution/coded-error.ts'
import { compileOperation, type RunOperation } from '../../execution/operation.ts'
import { PlanningError } from '../../execution/planning/planning.ts'
import { createReference } from '../../execution/reference.ts'
import { UnsupportedPlanError } from '../../execution/steps/compile-plan.ts'
import type { Graph } from '../graph.ts'
import { isDenied, permissionsOf } from '../permissions.ts'
import { RefusedOperationError, refusal } from '../refusal.ts'
import { extractExactLiterals } from './exact-literals.ts'
import { findLostMutations } from './lost-mutations.ts'
import { type NullArgument, withoutFields } from './null-arguments.ts'
import { toPlannable } from './plannable.ts'

/**
 * How to run an operation for a principal; a promise only until it is planned.
 * @throws RefusedOperationError if a condition depends on a variable that is null.
 */
export type RunFor = (
  principal: Principal,
  coerced: Readonly<Record<string, unknown>>,
) => RunOperation | Promise<RunOperation>

type Source = Readonly<{
  document: DocumentNode
  operation: OperationDefinitionNode
  nulls: readonly NullArgument[]
}>

/** Combinations of lacking permissions and of variables that are null. */
const RUNS_MAX = 64

/**
 * Plans and compiles an operation for principals, once for each set of permissions that it needs and a principal lacks,
 * and of fields that fail because a variable is null.
 * A mutation whose answer that would take away is not run.
 * @throws RefusedOperationError if its planning exceeds a limit, and any error of the planner; both by the promise.
 */
export function createRuns(graph: Graph, source: Source): RunFor {
  const { document, operation, nulls } = source
  const needed = permissionsOf(document, graph.schema, graph.permissions)
  const runs = new Map<string, RunOperation | Promise<RunOperation>>()
  return (principal, coerced) => {
    const denied = needed.filter((urn) => isDenied(principal, urn))
    const failing = nulls.length === 0 ? nulls : nulls.filter(({ variable }) => coerced[variable] === null)
    const isWhole = denied.length === 0 && failing.length === 0
    const { key, refusals } = isWhole ? WHOLE : findRefusals(graph, source, { denied, failing, coerced })
    const known = runs.get(key)
    if (known) return known
    const compiling = compile(graph, { document, operation, ...refusals })
    if (runs.size >= RUNS_MAX) runs.clear()
    runs.set(key, compiling)
    compiling.then(
      (run) => runs.set(key, run),
      () => runs.delete(key),
    )
    return compiling
  }
}

/** The fields that are refused without being run. */
type Refusals = Readonly<{
  /** By permission. */
  denied: ReadonlySet<string>
  /** One by one. */
  failing: ReadonlyMap<FieldNode, GraphQLFormattedError>
}>

const WHOLE = { key: '', refusals: { denied: new Set<string>(), failing: new Map() } satisfies Refusals }

type Causes = Readonly<{
  denied: readonly string[]
  failing: readonly NullArgument[]
  coerced: Readonly<Record<string, unknown>>
}>

/** The refused fields, with a key that is equal for equal ones. @throws RefusedOperationError */
function findRefusals(graph: Graph, source: Source, { denied, failing, coerced }: Causes) {
  const refusals: Refusals = { denied: new Set(denied), failing: readFailing(failing) }
  const lost = findLostMutations(graph, source, { coerced, refusalAt: createRefusalAt(graph, refusals) })
  const numbers = failing.map((one) => source.nulls.indexOf(one))
  const key = JSON.stringify([denied, numbers, [...lost.keys()].map(({ alias, name }) => (alias ?? name).value)])
  return { key, refusals: { ...refusals, failing: new Map([...refusals.failing, ...lost]) } }
}

/** @throws RefusedOperationError */
function readFailing(failing: readonly NullArgument[]): Refusals['failing'] {
  const errors = new Map<FieldNode, GraphQLFormattedError>()
  for (const { field, error } of failing) {
    if (field === null) throw new RefusedOperationError([error])
    errors.set(field, error)
  }
  return errors
}

/** Why a field is not fetched. */
function createRefusalAt(graph: Graph, { denied, failing }: Refusals): RefusalAt {
  const deniedAt = createDenials(graph, denied)
  return (parent, nodes) => {
    const failed = failing.size === 0 ? undefined : nodes.find((node) => failing.has(node))
    return failed ? failing.get(failed)! : deniedAt(parent, nodes[0]!.name.value)
  }
}

type Parts = Pick<Source, 'document' | 'operation'> & Refusals

async function compile(graph: Graph, parts: Parts): Promise<RunOperation> {
  const { document, operation, denied, failing } = parts
  const { schema, supergraph, environment } = graph
  const { plannedKey } = supergraph
  const deniedAt = createDenials(graph, denied)
  const isLeftOut = (parent: GraphQLCompositeType, field: string) => deniedAt(parent, field) !== null
  const refusalAt = createRefusalAt(graph, parts)
  const answerable = failing.size === 0 ? document : withoutFields(document, (field) => failing.has(field))
  const exact = extractExactLiterals(schema, answerable)
  const plannable = toPlannable(exact.document, { schema, plannedKey, isLeftOut })
  const plan = await planOrRefuse(graph.plan, plannable, operation)
  try {
    const { values } = exact
    return compileOperation({ schema, document, operation, plan, environment, refusalAt, plannedKey, values })
  } catch (error) {
    if (!(error instanceof UnsupportedPlanError)) throw error
    return createReference({ supergraph, document: plannable, operation, plan, sources: environment.sources })
  }
}

/** The error of each field that needs one of the lacking permissions. */
function createDenials({ permissions }: Graph, denied: ReadonlySet<string>) {
  return (parent: GraphQLCompositeType, field: string): GraphQLFormattedError | null => {
    if (denied.size === 0) return null
    const permission = permissions(parent, field).find((urn) => denied.has(urn))
    if (permission === undefined) return null
    return codedError('FORBIDDEN', `This needs the permission ${permission}.`, { permission })
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
