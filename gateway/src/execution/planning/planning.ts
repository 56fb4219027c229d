import type { QueryPlan } from '@apollo/query-planner'
import type { DocumentNode } from 'graphql'

/** Plans one operation of a document. @throws PlanningError */
export type PlanOperation = (document: DocumentNode, operationName: string | null) => Promise<QueryPlan>

/** Creates what plans operations of a supergraph. */
export type OpenPlanner = (supergraphText: string) => PlanOperation

/** Why an operation has no plan: its document is at fault, or the gateway is too busy, or the planner has a bug. */
export type PlanningFailure = 'too complex' | 'busy' | 'error'

export class PlanningError extends Error {
  override readonly name = 'PlanningError'
  readonly failure: PlanningFailure

  constructor(failure: PlanningFailure, message: string) {
    super(message)
    this.failure = failure
  }
}
