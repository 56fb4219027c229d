import { setTimeout as pause } from 'node:timers/promises'
import { FOLLOWED_FIELDS, type FollowedField } from '../schedule/schedule.ts'
import type { System } from '../system/system.ts'
import { createCaller } from './caller.ts'
import { createIssues } from './create-issues.ts'
import { type Follower, startFollower } from './follow.ts'
import { createJournal } from './journal.ts'

const POLL_MS = 50

/** Where the followers of the next run begin. */
export type Cursors = Readonly<Record<FollowedField, string>>

/**
 * Has one issue decided, so that followers can begin at a cursor: beginning at a moment would depend on the clocks of the
 * processes, which faults shift.
 */
export async function findCursors(system: System, signal: AbortSignal): Promise<Cursors> {
  const after = new Date().toISOString()
  const [moves, decisions] = FOLLOWED_FIELDS.map((field) =>
    startFollower(system, { name: 'first', field, transport: 'sse', dropsMs: [] }, after),
  ) as [Follower, Follower]
  try {
    const plan = { key: `faults-first-${after}`, atMs: 0, kind: 'decline' } as const
    await createIssues(createCaller(system, signal), [plan], createJournal(signal))
    const hasEnded = () => moves.seen().heard.some(({ what }) => what === 'RESOLVED' || what === 'AWAITING_REVIEW')
    while (!hasEnded() || decisions.seen().heard.length === 0) await pause(POLL_MS, null, { signal })
    return { issueStatusChanged: moves.cursor(), decisionMade: decisions.cursor() }
  } finally {
    await Promise.all([moves.stop(), decisions.stop()])
  }
}
