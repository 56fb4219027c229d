import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import type { BlindIndex } from '../customers/ports.ts'
import type { CreateId } from '../domain/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import type { Collections } from '../stores/collections.ts'
import { createAcceptEvents } from './accept-events.ts'
import { createApplyEvent } from './apply-event.ts'
import { createApplyEvents, type OnAttempt } from './apply-events.ts'
import { createIntakeDeadLetters } from './dead-letters.ts'
import type { CountEvents } from './intake-metrics.ts'
import { createIntakeResolvers } from './intake-resolvers.ts'
import { createMongoPaymentEvents } from './mongo-payment-events.ts'
import type { WaitingEvent } from './payment-event.ts'

export type IntakeOptions = Readonly<{
  mongo: MongoClient
  db: Db
  collections: Collections
  outbox: Outbox
  blindIndex: BlindIndex
  createId: CreateId
  dueHours: DueHours
  now: Clock
  random: () => number
  count: CountEvents
  onAttempt: OnAttempt
  onUnexpected: (error: unknown, waiting: WaitingEvent) => void
}>

/** The intake of payment events: accepts them, and applies them in rounds. */
export function createIntake(options: IntakeOptions) {
  const { mongo, db, collections, outbox, blindIndex, createId, dueHours, now, count, onAttempt } = options
  const deadLetters = createIntakeDeadLetters({ db, paymentEvents: collections.paymentEvents, outbox, now })
  const store = createMongoPaymentEvents({ mongo, collections, outbox, deadLetters })
  const acceptEvents = createAcceptEvents({ ...options, store })
  const applyEvents = createApplyEvents({
    ...options,
    store,
    applyEvent: createApplyEvent({ createIssueId: () => `iss_${createId()}`, blindIndex, dueHours }),
    onAttempt(waiting, failed) {
      count(failed === null ? 'applied' : failed.nextAttemptAt === null ? 'dead' : 'failed')
      onAttempt(waiting, failed)
    },
    onCommit: outbox.wake,
  })
  const resolvers = createIntakeResolvers({ acceptEvents, count })
  return { acceptEvents, applyEvents, resolvers, followActs: deadLetters.follow }
}
