import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { createIssuesTransactions } from '../issues/outbound/mongo-issues-store.ts'
import { type Collections, type PaymentEventDocument, toTransaction } from '../stores/collections.ts'
import { transactOnKeys } from '../stores/transact.ts'
import { createTransactionsTransactions } from '../transactions/mongo-transactions-store.ts'
import type { IntakeDeadLetters } from './dead-letters.ts'
import { knownUntil, type PaymentName, paymentOf, type ReceivedEvent, type WaitingEvent } from './payment-event.ts'
import type { IntakeStore, IntakeTransaction } from './ports.ts'

/** Documents of one look for due events: many may be of one payment. */
const DUE_MAX = 1_000
const IN_ORDER = { 'event.occurredAt': 1, _id: 1 } as const

type Dependencies = Readonly<{ collections: Collections; outbox: Outbox; deadLetters: IntakeDeadLetters }>

/** Events of payments in MongoDB. What an event does shares one transaction with the note that it was applied. */
export function createMongoPaymentEvents({
  mongo,
  ...dependencies
}: Dependencies & Readonly<{ mongo: MongoClient }>): IntakeStore {
  const { paymentEvents } = dependencies.collections
  return {
    transact: (work) => transactOnKeys(mongo, (session) => work(transactionIn(dependencies, session))),
    async findDue(now, limit) {
      const due = paymentEvents.find({ state: 'WAITING', nextAttemptAt: { $lte: now } })
      const found = await due.sort({ nextAttemptAt: 1, _id: 1 }).limit(DUE_MAX).toArray()
      const payments = new Map(found.map(paymentOf).map((payment) => [JSON.stringify(payment), payment]))
      return [...payments.values()].slice(0, limit)
    },
    async findWaiting(payment, limit) {
      const waiting = paymentEvents.find({ ...toQuery(payment), state: 'WAITING' })
      return (await waiting.sort(IN_ORDER).limit(limit).toArray()).map(toWaiting)
    },
    async holdBehind(failed, until) {
      const behind = {
        ...toQuery(paymentOf(failed)),
        // Not one that occurred earlier, and has come meanwhile: it goes first.
        'event.occurredAt': { $gte: failed.event.occurredAt },
        nextAttemptAt: { $lt: until },
      }
      await paymentEvents.updateMany({ state: 'WAITING', ...behind }, { $set: { nextAttemptAt: until } })
    },
  }
}

function transactionIn({ collections, outbox, deadLetters }: Dependencies, session: ClientSession): IntakeTransaction {
  const stores = { collections, outbox }
  const { paymentEvents, transactions } = collections
  const update = async ({ id, attempts }: WaitingEvent, $set: Partial<PaymentEventDocument>) => {
    const { matchedCount } = await paymentEvents.updateOne(
      { _id: id, state: 'WAITING', attempts },
      { $set },
      { session },
    )
    return matchedCount === 1
  }
  return {
    issuesIn: (tenant) => createIssuesTransactions(stores)(session, tenant),
    async findKnown(tenant, eventIds) {
      const known = paymentEvents.find({ ...sameTenant(tenant), 'event.eventId': { $in: [...eventIds] } }, { session })
      return (await known.toArray()).map(({ event: { eventId }, digest }) => ({ eventId, digest }))
    },
    async insert(received) {
      await paymentEvents.insertMany(received.map(toDocument), { session })
    },
    async findPayment({ tenant, externalId }) {
      const document = await transactions.findOne({ ...sameTenant(tenant), externalId }, { session })
      return document && toTransaction(document)
    },
    savePayment: (change) => createTransactionsTransactions(stores)(session, change.transaction.tenant).save(change),
    record: (events) => outbox.add(events, session),
    noteApplied: (waiting, at) => update(waiting, { state: 'APPLIED', nextAttemptAt: null, expiresAt: knownUntil(at) }),
    async noteFailure(waiting, { attempts, failure, nextAttemptAt, at }) {
      const state = nextAttemptAt === null ? 'DEAD' : 'WAITING'
      const isNoted = await update(waiting, { state, attempts, failure, nextAttemptAt })
      if (isNoted && nextAttemptAt === null) await deadLetters.add({ ...waiting, attempts }, { failure, at }, session)
      return isNoted
    },
  }
}

const toQuery = ({ tenant, externalId }: PaymentName) => ({
  ...sameTenant(tenant),
  'event.paymentExternalId': externalId,
})

function toDocument({ id: _id, ...received }: ReceivedEvent): PaymentEventDocument {
  return {
    _id,
    tenant: received.cause.tenant,
    ...received,
    state: 'WAITING',
    attempts: 0,
    nextAttemptAt: received.receivedAt,
    failure: null,
  }
}

function toWaiting({ _id: id, event, cause, receivedAt, attempts, nextAttemptAt }: PaymentEventDocument): WaitingEvent {
  return { id, event, cause, receivedAt, attempts, nextAttemptAt: nextAttemptAt! }
}
