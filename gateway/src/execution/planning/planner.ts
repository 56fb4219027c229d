import { type Operation, operationFromDocument, Supergraph } from '@apollo/federation-internals'
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner'
import { parse } from 'graphql'
import { preparePlanning } from './planner-input.ts'

export type Planner = Readonly<{
  /** @throws GraphQLError, or an error of the planner, if it cannot plan the operation. */
  plan: (document: string, operationName: string | null) => QueryPlan
}>

/**
 * The ways to one field, of which the shortest are kept, and the plans of one operation that are compared. The planner's
 * defaults (none, and 10,000) take 7 s for some operations of 900 characters over five types, and minutes for larger ones.
 */
const PATHS_MAX = 100
const PLANS_MAX = 1_000

/**
 * Further tries, for an operation that the planner fails on: an error in one of the plans that it compares fails them all,
 * and all of the shortest ways to a field may be dead ends for the fields below it.
 */
const TRIES: readonly Bounds[] = [
  { pathsLimit: PATHS_MAX, maxEvaluatedPlans: PLANS_MAX },
  { pathsLimit: PATHS_MAX, maxEvaluatedPlans: 1 },
  { pathsLimit: null, maxEvaluatedPlans: PLANS_MAX },
]

type Bounds = Readonly<{ pathsLimit: number | null; maxEvaluatedPlans: number }>

/**
 * Creates the planner of a supergraph. Planning is synchronous, and no bound for its time is known: the gateway plans in
 * worker threads only.
 */
export function createPlanner(supergraphText: string): Planner {
  const planning = preparePlanning(parse(supergraphText, { noLocation: true }))
  const supergraph = Supergraph.build(planning.document, { validateSupergraph: false })
  const api = supergraph.apiSchema()
  const planners = new Map<Bounds, QueryPlanner>()
  const plannerWith = (bounds: Bounds): QueryPlanner => {
    const planner =
      planners.get(bounds) ?? new QueryPlanner(supergraph, { generateQueryFragments: false, debug: bounds })
    planners.set(bounds, planner)
    return planner
  }
  plannerWith(TRIES[0]!)
  const planOperation = (operation: Operation): QueryPlan => {
    const failures: unknown[] = []
    for (const bounds of TRIES) {
      try {
        return plannerWith(bounds).buildQueryPlan(operation)
      } catch (error) {
        failures.push(error)
      }
    }
    throw failures[0]
  }
  return {
    plan(document, operationName) {
      const operation = operationFromDocument(api, parse(document), {
        ...(operationName !== null && { operationName }),
        validate: false,
      })
      return planning.restore(planOperation(operation))
    },
  }
}
