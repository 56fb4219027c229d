import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { Engine } from '../../domain/decision.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'

/** All that is given must hold; a list means any of its values. */
export type DecisionFilter = Readonly<{
  issueId?: string | null
  action?: readonly DecisionAction[] | null
  routing?: readonly Routing[] | null
  engine?: readonly Engine[] | null
  fallback?: boolean | null
  digest?: string | null
  reviewed?: boolean | null
  /** Included. */
  from?: Date | null
  /** Excluded, as the two below. */
  to?: Date | null
  decidedAfter?: Date | null
  decidedBefore?: Date | null
}>

/**
 * What callers read. Finders answer in the order of the ids. A decision that waits for a blind review is left out
 * everywhere, as if it did not exist.
 */
export type Views = Readonly<{
  findDecisions(ids: readonly string[]): Promise<readonly (StoredDecision | null)[]>
  /** The decisions of each issue, oldest first; at most 100 an issue. */
  decisionsOf(issueIds: readonly string[]): Promise<readonly (readonly StoredDecision[])[]>
  /** The same page of the decisions of each issue, oldest first. @throws BadUserInputError for a page that cannot be. */
  pagesOfIssues(issueIds: readonly string[], page: PageArguments): Promise<readonly Connection<StoredDecision>[]>
  /** Newest first. @throws BadUserInputError for a page that cannot be. */
  pageOfDecisions(filter: DecisionFilter, page: PageArguments): Promise<Connection<StoredDecision>>
}>
