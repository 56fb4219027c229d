import type { Collection, Db } from 'mongodb'
import { ACTORS } from '../../access/actors.ts'
import { backoffMs } from '../../resilience/backoff.ts'
import { type Cause, causedBy, causeOfService, parseEvent } from '../envelope.ts'
import { DEAD_EVENTS, type DeadEvent } from '../event-collections.ts'
import { entityOf, RETRY_WAIT, type SetAsideEvent, type WaitingEvent, type WaitingPlace } from '../log/set-aside.ts'

export function deadEventCollection(db: Db): Collection<DeadEvent> {
  return db.collection<DeadEvent>(DEAD_EVENTS.name)
}

/** The cause of what the service does about an event that it could not apply; null stands for a text that is not one. */
export function causeOfDeadEvent(event: Parameters<typeof causedBy>[0] | null): Cause {
  return event === null ? causeOfService(ACTORS.events) : causedBy(event, ACTORS.events)
}

export type ReadWaiting = Readonly<{
  /** The places of all events that wait for another attempt, in the order in which they were set aside. */
  findWaiting: () => Promise<readonly WaitingPlace[]>
  readWaiting: (id: string) => Promise<WaitingEvent | null>
}>

/** Sequences of different epochs have no order, so the moment comes first. */
const AS_SET_ASIDE = { at: 1, stream: 1, sequence: 1 } as const

export function createReadWaiting(dead: Collection<DeadEvent>, group: string): ReadWaiting {
  return {
    async findWaiting() {
      const waiting = { group, nextAttemptAt: { $gt: new Date(0) } }
      const projection = { entity: 1, nextAttemptAt: 1 }
      const found = await dead.find(waiting, { projection }).sort(AS_SET_ASIDE).toArray()
      return found.map(({ _id: id, entity, nextAttemptAt }) => ({ id, entity: entity!, nextAttemptAt: nextAttemptAt! }))
    },
    async readWaiting(id) {
      const found = await dead.findOne({ _id: id, nextAttemptAt: { $gt: new Date(0) } })
      return found && toWaiting(found)
    },
  }
}

/** It replaces one that is there: after the log was restored the same entry may come again. */
export const toDeadEvent =
  (group: string, at: Date) =>
  ({ delivery: { stream, epoch, sequence, text, event }, reason }: SetAsideEvent): DeadEvent => {
    const _id = `${group} ${stream} ${epoch} ${sequence}`
    const facts = { group, stream, sequence, text, reason, attempts: 1, at }
    const about = { entity: event && entityOf(event), eventType: event?.type ?? null }
    if (event === null) return { _id, ...facts, ...about, nextAttemptAt: null, listed: true }
    return { _id, ...facts, ...about, nextAttemptAt: new Date(at.getTime() + backoffMs(1, RETRY_WAIT)) }
  }

export const toReplacement = ({ _id, ...replacement }: DeadEvent) => ({
  replaceOne: { filter: { _id }, replacement, upsert: true },
})

function toWaiting({ _id: id, text, stream, sequence, attempts }: DeadEvent): WaitingEvent | null {
  const event = parseEvent(text)
  return event && { id, stream, sequence, event, attempts }
}
