import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { type DecisionNews, onDecisionNews } from '../domain/decision-outcome.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { IssuesTransaction } from './ports.ts'

export type IssueNews = Readonly<{ issueId: string; news: DecisionNews; cause: Cause }>
/** Moves issues as the decision service tells, in the transaction that also notes the news as heard. */
export type FollowDecisions = (news: readonly IssueNews[], transaction: IssuesTransaction) => Promise<void>

export function createFollowDecisions({ now }: { now: Clock }): FollowDecisions {
  return async (news, transaction) => {
    const issues = new Map<string, Issue>(
      await transaction.findIssues([...new Set(news.map(({ issueId }) => issueId))]),
    )
    const changes: Change[] = []
    for (const { issueId, news: one, cause } of news) {
      const issue = issues.get(issueId)
      if (!issue) continue // An issue that was erased in the meantime needs no status.
      const steps = onDecisionNews(issue, one, { cause, now: now() })
      changes.push(...steps)
      issues.set(issueId, steps.at(-1)?.issue ?? issue)
    }
    if (changes.length > 0) await transaction.save(changes)
  }
}
