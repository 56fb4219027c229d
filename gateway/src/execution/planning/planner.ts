import { operationFromDocument, Supergraph } from '@apollo/federation-internals'
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner'
import { parse } from 'graphql'
import { preparePlanning } from './planner-input.ts'

export type Planner = Readonly<{
  /** @throws GraphQLError, or an error of the planner, if it cannot plan the operation. */
  plan: (document: string, operationName: string | null) => QueryPlan
}>

/**
 * Creates the planner of a supergraph. Planning is synchronous, and no bound for its time is known: the gateway plans in
 * worker threads only.
 */
export function createPlanner(supergraphText: string): Planner {
  const planning = preparePlanning(parse(supergraphText, { noLocation: true }))
  const supergraph = Supergraph.build(planning.document, { validateSupergraph: false })
  const planner = new QueryPlanner(supergraph, { generateQueryFragments: false })
  const api = supergraph.apiSchema()
  return {
    plan(document, operationName) {
      const operation = operationFromDocument(api, parse(document), {
        ...(operationName !== null && { operationName }),
        validate: false,
      })
      return planning.restore(planner.buildQueryPlan(operation))
    },
  }
}
