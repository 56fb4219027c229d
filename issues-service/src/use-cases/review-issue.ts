import type { DecisionAction } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { IssueNotFoundError } from '../domain/errors.ts'
import { type Issue, reviewIssue } from '../domain/issue.ts'
import type { IssuesStore } from './ports.ts'

const NOTE_LENGTH_MAX = 2000

export type ReviewIssueCommand = Readonly<{
  issueId: string
  action: DecisionAction
  note: string | null
  seenVersion: number | null
  cause: Cause
}>
/** @throws IssueNotFoundError, InvalidTransitionError, ConflictError, ActionNotAllowedError, BadUserInputError */
export type ReviewIssue = (command: ReviewIssueCommand) => Promise<Issue>

type Dependencies = Readonly<{ store: IssuesStore; now: Clock; onCommit: () => void }>

export function createReviewIssue({ store, now, onCommit }: Dependencies): ReviewIssue {
  return async ({ issueId, ...review }) => {
    if ((review.note?.length ?? 0) > NOTE_LENGTH_MAX) {
      throw new BadUserInputError(['input', 'note'], `must have at most ${NOTE_LENGTH_MAX} characters`)
    }
    const reviewed = await store.transact(async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)
      const change = reviewIssue(issue, { ...review, now: now() })
      await transaction.save([change])
      return change.issue
    })
    onCommit()
    return reviewed
  }
}
