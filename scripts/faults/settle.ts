import { setTimeout as pause } from 'node:timers/promises'
import { findViolations } from './check/check.ts'
import type { Observation } from './check/observation.ts'
import { isLasting, toLine, type Violation, violate } from './check/violation.ts'

const POLL_MS = 500
/** A repeated event may come late, or be the effect of a replay. */
const QUIET_MS = 1_500

export type Settled = Readonly<{
  violations: readonly Violation[]
  observation: Observation | null
  /** The time, by `performance.now()`, when the checks held for the first time, or at the end where they never did. */
  settledAt: number
}>

type Options = Readonly<{
  /** How many issues are on their way: cheap to ask, and nothing can hold before it is none. */
  countOpen: () => Promise<number>
  look: (isReplayed: boolean) => Promise<Observation>
  /** Has all dead letters replayed. */
  replay: () => Promise<void>
  timeUp: AbortSignal
  say: (line: string) => void
}>

/**
 * Repeats the checks until they hold, then has all dead letters replayed, and repeats them after a quiet time, because
 * a replay must change nothing. Ends where they cannot hold any more, or when the time is up.
 */
export async function settle({ countOpen, look, replay, timeUp, say }: Options): Promise<Settled> {
  let observation: Observation | null = null
  let settledAt: number | null = null
  let said = ''
  const examine = async (isReplayed: boolean): Promise<readonly Violation[]> => {
    try {
      const open = timeUp.aborted ? 0 : await countOpen()
      if (open > 0) return [violate('not final', 'issues', `${open} are open`)]
      observation = await look(isReplayed)
      return findViolations(observation)
    } catch (error) {
      return [violate('refused', 'checks', String(error))]
    }
  }
  for (;;) {
    const isReplayed = settledAt !== null
    const violations = await examine(isReplayed)
    const line = `${violations.length} differences${violations[0] ? `, the first: ${toLine(violations[0])}` : ''}`
    if (line !== said) say(line)
    said = line

    const holds = violations.length === 0
    if ((holds && isReplayed) || timeUp.aborted || violations.some(isLasting)) {
      return { violations, observation, settledAt: settledAt ?? performance.now() }
    }
    if (holds) {
      await replay()
      settledAt = performance.now()
    }
    await pause(holds ? QUIET_MS : POLL_MS)
  }
}
