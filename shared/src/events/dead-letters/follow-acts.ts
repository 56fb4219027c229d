import type { ClientSession, Db } from 'mongodb'
import { isOneOf, readEvent, UnreadableEventError } from '../catalogue.ts'
import type { DomainEvent } from '../envelope.ts'
import { deadEventCollection } from './dead-events.ts'
import { makeWait } from './make-wait.ts'

const TYPES = ['dead_letters.replayed', 'dead_letters.discarded'] as const

/** Whether an event is an act on dead letters, of whatever group. */
export const isActOnDeadLetters = (event: DomainEvent): boolean => isOneOf(TYPES, event)

/**
 * Does to the dead letters of a group what was done in the list of all services: in the transaction of the service, so
 * that each act takes effect once. One that waits already, or was applied meanwhile, stays as it is.
 * @throws UnreadableEventError
 */
export type FollowActs = (events: readonly DomainEvent[], session: ClientSession) => Promise<void>

/** Dead letters of a group that are kept in one place. Others, and those that are not dead any more, stay as they are. */
export type KeptLetters = Readonly<{
  replay: (ids: readonly string[], session: ClientSession) => Promise<unknown>
  discard: (ids: readonly string[], session: ClientSession) => Promise<unknown>
}>

export function createFollowActs({ db, group }: Readonly<{ db: Db; group: string }>): FollowActs {
  const dead = deadEventCollection(db)
  const toQuery = (ids: readonly string[]) => ({ _id: { $in: [...ids] }, group, nextAttemptAt: null })
  return followActsOn(group, {
    replay: async (ids, session) =>
      makeWait(dead, { found: await dead.find(toQuery(ids), { session }).toArray(), at: new Date(), session }),
    discard: (ids, session) => dead.deleteMany(toQuery(ids), { session }),
  })
}

export function followActsOn(group: string, { replay, discard }: KeptLetters): FollowActs {
  return async (events, session) => {
    for (const event of events) {
      const act = readEvent(TYPES, event)
      if (act instanceof UnreadableEventError) throw act
      if (act === null || act.data.group !== group) continue
      const run = act.type === 'dead_letters.discarded' ? discard : replay
      await run(act.data.ids, session)
    }
  }
}
