import type { Cause } from '@redress/shared/events/envelope.ts'
import { type Assignment, assignIssue } from '../domain/assignment.ts'
import type { Issue } from '../domain/issue.ts'
import { type ChangeDependencies, changeWork } from './claim-issue.ts'

export type AssignCommand = Assignment & Readonly<{ issueId: string; cause: Cause }>
/** @throws IssueNotFoundError, InvalidTransitionError if it is resolved */
export type AssignIssue = (command: AssignCommand) => Promise<Issue>

/** Assigns issues to people. */
export function createAssignIssue(dependencies: ChangeDependencies): AssignIssue {
  return (command) =>
    changeWork(command, dependencies, (issue, { eventId, now }) =>
      assignIssue(issue, command, { eventId, cause: command.cause, now }),
    )
}
