import { setTimeout as pause } from 'node:timers/promises'
import type { Caller } from './caller.ts'
import type { Journal } from './journal.ts'

const POLL_MS = 500

const READ = 'query Read($id: ID!) { issue(id: $id) { status version } }'
const REVIEW = 'mutation Review($input: ReviewIssueInput!) { reviewIssue(input: $input) { issue { status } } }'

/** Reviews an issue as soon as it awaits a review. */
export async function reviewIssue(caller: Caller, id: string, journal: Journal): Promise<void> {
  for (;;) {
    const { issue } = await caller.insist<{ issue: { status: string; version: number } }>('reviewer', READ, { id })
    if (issue.status === 'RESOLVED') return
    if (issue.status === 'AWAITING_REVIEW') {
      const input = { issueId: id, action: 'CONTEST_DISPUTE', version: issue.version }
      // An attempt without an answer may have taken effect: the next round finds out.
      const isAcknowledged = await caller.ask('reviewer', REVIEW, { input }).then(
        () => true,
        () => false,
      )
      if (isAcknowledged) journal.reviewed.add(id)
    }
    await pause(POLL_MS, null, { signal: journal.signal })
  }
}
