import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { InvalidTransitionError } from '../../domain/errors.ts'
import { type Change, type Issue, moveIssue } from './issue.ts'

type Retry = Readonly<{
  decisionCase: DecisionCase
  /** An issue that is PROCESSING since before this moment is stuck. */
  stuckSince: Date
  cause: Cause
  now: Date
}>

/** @throws InvalidTransitionError unless the issue has failed, or is stuck in PROCESSING. */
export function retryIssue(issue: Issue, { decisionCase, stuckSince, cause, now }: Retry): Change {
  const isStuck = issue.status === 'PROCESSING' && issue.updatedAt < stuckSince
  if (issue.status !== 'FAILED' && !isStuck) throw new InvalidTransitionError(issue.status, 'PENDING')
  return moveIssue(issue, 'PENDING', { reason: 'retried', failure: null, data: { case: decisionCase } }, { cause, now })
}
