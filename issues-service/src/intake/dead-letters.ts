import { ACTORS } from '@redress/shared/access/actors.ts'
import { createDeadLetterAlerts } from '@redress/shared/events/dead-letters/dead-letter-alerts.ts'
import { type FollowActs, followActsOn } from '@redress/shared/events/dead-letters/follow-acts.ts'
import { newDeadLetter } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { CONSUMER_GROUPS, causedBy } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession, Collection, Db } from 'mongodb'
import type { PaymentEventDocument } from '../stores/collections.ts'
import { type Failure, knownUntil, type WaitingEvent } from './payment-event.ts'

/** In place of the name of a stream. */
const STREAM = 'payment-events'
const group = CONSUMER_GROUPS.issues

export type IntakeDeadLetters = Readonly<{
  /** Brings an event that is not tried again into the list of all services, with an alert. */
  add: (event: WaitingEvent, failed: Readonly<{ failure: Failure; at: Date }>, session: ClientSession) => Promise<void>
  /** Tries again, or gives up, what an operator has retried or discarded in that list. */
  follow: FollowActs
}>

type Dependencies = Readonly<{ db: Db; paymentEvents: Collection<PaymentEventDocument>; outbox: Outbox; now: Clock }>

/** The events of payments that could not be applied. */
export function createIntakeDeadLetters({ db, paymentEvents, outbox, now }: Dependencies): IntakeDeadLetters {
  const alerts = createDeadLetterAlerts({ db, group, record: outbox.add })
  const toQuery = (ids: readonly string[]) => ({ _id: { $in: [...ids] }, state: 'DEAD' as const })
  return {
    async add({ id, event, cause, receivedAt, attempts }, { failure, at }, session) {
      const place = { stream: STREAM, sequence: receivedAt.getTime() }
      const subject = { type: 'Transaction', id: event.paymentExternalId }
      const letter = {
        ...{ id, group, ...place, attempts, reason: `${failure.code}: ${failure.message}` },
        ...{ event: { id: event.eventId, type: event.type, subject }, payload: event, setAsideAt: receivedAt },
        cause: causedBy(cause, ACTORS.events),
      }
      await outbox.add([newDeadLetter(letter, at)], session)
      await alerts.raise('DEAD_LETTER', [{ ...place, event: { ...cause, id, type: event.type } }], { at, session })
    },
    follow: followActsOn(group, {
      replay: (ids, session) =>
        paymentEvents.updateMany(
          toQuery(ids),
          { $set: { state: 'WAITING', attempts: 0, nextAttemptAt: now() } },
          { session },
        ),
      discard: (ids, session) =>
        paymentEvents.updateMany(
          toQuery(ids),
          { $set: { state: 'DISCARDED', expiresAt: knownUntil(now()) } },
          { session },
        ),
    }),
  }
}
