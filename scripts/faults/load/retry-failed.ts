import { setTimeout as pause } from 'node:timers/promises'
import type { Caller } from './caller.ts'
import type { Journal } from './journal.ts'

const POLL_MS = 300

const READ = 'query Read($id: ID!) { issue(id: $id) { status } }'
const RETRY = 'mutation Retry($id: ID!) { retryIssue(id: $id) { issue { status } } }'

/** The person who has every issue decided again that has failed. Ends with the run. */
export async function retryFailed(caller: Caller, journal: Journal): Promise<void> {
  while (!journal.signal.aborted) {
    for (const id of journal.failed) if (!journal.retried.has(id)) await retry(caller, id, journal)
    await pause(POLL_MS, null, { signal: journal.signal })
  }
}

async function retry(caller: Caller, id: string, journal: Journal): Promise<void> {
  try {
    const { issue } = await caller.ask<{ issue: { status: string } }>('operator', READ, { id })
    if (issue.status !== 'FAILED') return
    await caller.ask('operator', RETRY, { id })
    journal.retried.add(id)
  } catch {
    // A retry without an answer may have taken effect: then the issue is not FAILED the next time.
  }
}
