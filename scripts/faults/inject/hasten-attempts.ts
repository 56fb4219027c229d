import type { Poisoned } from '../load/journal.ts'
import { POISONED } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { withDatabase } from './with-database.ts'

/** The attempts after which an event is a dead letter are 10. */
const BEFORE_LAST = 9

/**
 * Lets the last attempt to apply each poison be due, which would take eight minutes otherwise. Nothing happens where the
 * group has not reached it yet: call it again.
 */
export async function hastenAttempts(system: System, poisons: readonly Poisoned[], signal: AbortSignal): Promise<void> {
  const ids = poisons.filter(({ kind }) => kind === 'data').map(({ id }) => id)
  if (ids.length === 0) return
  const entity = { $in: ids.flatMap((id) => [`Issue ${id}`, `Decision ${id}`]) }
  const waiting = { entity, attempts: { $lt: BEFORE_LAST }, nextAttemptAt: { $gt: new Date(0) } }
  for (const service of POISONED) {
    await withDatabase(system, { database: `redress_${service}`, attempts: 1, signal }, (db) =>
      db.collection('dead_events').updateMany(waiting, { $set: { attempts: BEFORE_LAST, nextAttemptAt: new Date() } }),
    )
  }
}
