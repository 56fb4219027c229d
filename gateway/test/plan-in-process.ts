import { print } from 'graphql'
import { within } from '../src/execution/planning/plan-worker.ts'
import { createPlanner } from '../src/execution/planning/planner.ts'
import type { OpenPlanner } from '../src/execution/planning/planning.ts'

/** Plans without worker threads, whose start would take longer than most tests. */
export const planInProcess: OpenPlanner = (supergraph) => {
  const planner = createPlanner(supergraph)
  return async (document, operationName) => within(60_000, () => planner.plan(print(document), operationName))
}
