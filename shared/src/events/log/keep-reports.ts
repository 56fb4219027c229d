import type { Db } from 'mongodb'
import { MINUTE_MS } from '../../time.ts'
import { storeReports } from './group-positions.ts'
import type { Report, Reports } from './reports.ts'

type Options = Readonly<{ db: Db; monotonicMs: () => number }>

/**
 * Stores what groups report where it is new, and once a minute also of those that stay where they are. A report that is
 * only left in Redis from a group that has gone is not stored: its beat does not change.
 */
export function createKeepReports({ db, monotonicMs }: Options) {
  let seen: Reports = new Map()
  const stored = new Map<string, string>()
  let refreshedAtMs = monotonicMs()

  return async (reports: Reports, now: Date): Promise<void> => {
    const isDue = monotonicMs() >= refreshedAtMs + MINUTE_MS
    const isAlive = (group: string, { beat }: Report) => seen.has(group) && seen.get(group)!.beat !== beat
    const changed = [...reports].filter(
      ([group, report]) => isAlive(group, report) && (isDue || stored.get(group) !== positionOf(report)),
    )
    seen = reports
    if (isDue) refreshedAtMs = monotonicMs()
    await storeReports(db, new Map(changed), now)
    for (const [group, report] of changed) stored.set(group, positionOf(report))
  }
}

const positionOf = ({ epoch, sequence }: Report) => `${epoch}:${sequence}`
