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

/** The planner found no way to a field. It says so by an error without a code. */
const NO_WAY = /^Was not able to find any options/

/**
 * Creates the planner of a supergraph. Planning is synchronous, and no bound for its time is known: the gateway plans in
 * worker threads only.
 */
export function createPlanner(supergraphText: string): Planner {
  const planning = preparePlanning(parse(supergraphText, { noLocation: true }))
  const supergraph = Supergraph.build(planning.document, { validateSupergraph: false })
  const api = supergraph.apiSchema()
  const create = (pathsLimit: number | null) =>
    new QueryPlanner(supergraph, {
      generateQueryFragments: false,
      debug: { maxEvaluatedPlans: PLANS_MAX, pathsLimit },
    })
  const bounded = create(PATHS_MAX)
  const planOperation = (operation: Operation): QueryPlan => {
    try {
      return bounded.buildQueryPlan(operation)
    } catch (error) {
      // All of the shortest ways to a field may be dead ends for the fields below it.
      if (error instanceof Error && NO_WAY.test(error.message)) return create(null).buildQueryPlan(operation)
      throw error
    }
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
