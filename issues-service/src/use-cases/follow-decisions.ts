import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type DecisionProgress, followDecision } from '../domain/decision-progress.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { IssuesTransaction } from './ports.ts'

export type DecisionUpdate = Readonly<{ issueId: string; progress: DecisionProgress; cause: Cause }>
/** Moves issues as the decision service decides, in the transaction that also marks the events as applied. */
export type FollowDecisions = (updates: readonly DecisionUpdate[], transaction: IssuesTransaction) => Promise<void>

export function createFollowDecisions({ now }: { now: Clock }): FollowDecisions {
  return async (updates, transaction) => {
    const issueIds = [...new Set(updates.map(({ issueId }) => issueId))]
    const issues = new Map<string, Issue>(await transaction.findIssues(issueIds))
    const changes: Change[] = []
    const at = now()
    for (const { issueId, progress, cause } of updates) {
      const issue = issues.get(issueId)
      if (!issue) continue // An issue that was erased in the meantime needs no status.
      const steps = followDecision(issue, progress, { cause, now: at })
      changes.push(...steps)
      issues.set(issueId, steps.at(-1)?.issue ?? issue)
    }
    if (changes.length > 0) await transaction.save(changes)
  }
}
