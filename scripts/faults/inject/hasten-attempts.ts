import type { Poison } from '../schedule/fault.ts'
import type { System } from '../system/system.ts'
import { withDatabase } from './with-database.ts'

/** The attempts after which an event is a dead letter are 10. */
const BEFORE_LAST = 9

type Poisoned = Readonly<{ id: string; kind: Poison }>

/**
 * Lets the last attempt to apply each poison be due, which would take eight minutes otherwise. Nothing happens where the
 * group has not reached it yet: call it again.
 */
export async function hastenAttempts(system: System, poisons: readonly Poisoned[], signal: AbortSignal): Promise<void> {
  const entities = poisons.filter(({ kind }) => kind === 'risk-score').map(({ id }) => `Issue ${id}`)
  if (entities.length === 0) return
  await withDatabase(system, { database: 'redress_decisions', attempts: 1, signal }, async (db) => {
    const waiting = { entity: { $in: entities }, attempts: { $lt: BEFORE_LAST }, nextAttemptAt: { $gt: new Date(0) } }
    await db
      .collection('dead_events')
      .updateMany(waiting, { $set: { attempts: BEFORE_LAST, nextAttemptAt: new Date() } })
  })
}
