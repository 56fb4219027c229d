import { newEvent } from '@redress/shared/events/catalogue.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CountEvents } from '../src/intake/intake-metrics.ts'
import { ADA, NOW, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
let at = NOW
const service = await openService({ mongo, db, now: () => at })
const { collections, intake } = service
const { paymentEvents, transactions, issues } = collections
const url = await serveService(service)
const [ingester, reader] = await Promise.all([tokenOf(withRole('ingest')), tokenOf(withRole('read_only'))])

const INGEST = `mutation ($events: [PaymentEventInput!]!) { ingestPaymentEvents(events: $events) {
  accepted duplicates refused results { index outcome error { code path } } } }`
const send = (events: readonly object[], token = ingester) => ask(url, { query: INGEST, variables: { events }, token })
const ingest = async (...events: readonly object[]) => (await send(events)).data.ingestPaymentEvents

let count = 0
const after = (seconds: number) => new Date(NOW.getTime() - 3_600_000 + seconds * 1_000).toISOString()
const eventOf = (payment: string, type: string, change: object = {}) => ({
  ...{ id: `event-${++count}`, type, occurredAt: after(count), paymentExternalId: payment },
  ...change,
})
const newPayment = async (status: string, change: object = {}) => {
  const externalId = `paid-${++count}`
  const plan = { totalInstallments: 4, installmentAmount: { amount: 1_250, currency: 'USD' } }
  const input = {
    ...{ externalId, customerId: 'cust_1', merchant: 'Shop', amount: { amount: 5_000, currency: 'USD' } },
    ...{ status: status as 'CAPTURED', refunded: null, installmentPlan: plan, shipping: null, paidAt: null },
    ...change,
  }
  const [created] = await service.createTransactions([{ input, cause: ADA }])
  if (created instanceof Error) throw created
  return externalId
}
const paymentOf = (externalId: string) => transactions.findOne({ tenant: 'default', externalId })
const issuesOf = async (externalId: string) =>
  issues.find({ transactionId: (await paymentOf(externalId))?._id ?? '' }).toArray()
const storedOf = (payment: string) =>
  paymentEvents
    .find({ tenant: 'default', 'event.paymentExternalId': payment })
    .sort({ 'event.occurredAt': 1, _id: 1 })
    .toArray()
const statesOf = async (payment: string) => (await storedOf(payment)).map(({ state, attempts }) => [state, attempts])

beforeEach(async () => {
  at = NOW
  await paymentEvents.deleteMany({})
})

describe('payment events that come', () => {
  it('are accepted once each, whatever their number in a call, and refused with code and path', async () => {
    const event = eventOf('unknown-1', 'PAYMENT_CAPTURED')
    const card = eventOf('4242424242424242', 'PAYMENT_CAPTURED')
    const early = eventOf('unknown-1', 'PAYMENT_CAPTURED', { occurredAt: '2031-01-01T00:00:00Z' })
    const wrong = eventOf('unknown-1', 'CHARGEBACK_OPENED', { autoRetryCount: 1 })
    const long = eventOf('x'.repeat(201), 'PAYMENT_CAPTURED')

    const first = await ingest(event, event, { ...event, type: 'PAYMENT_DECLINED' }, card, early, wrong, long)
    const again = await ingest(event)

    expect([first.accepted, first.duplicates, first.refused]).toEqual([1, 1, 5])
    const bad = (index: number, field: string) => ({
      ...{ index, outcome: 'REFUSED' },
      error: { code: 'BAD_USER_INPUT', path: ['events', String(index), field] },
    })
    expect(first.results).toEqual([
      { index: 0, outcome: 'ACCEPTED', error: null },
      { index: 1, outcome: 'DUPLICATE', error: null },
      { index: 2, outcome: 'REFUSED', error: { code: 'IDEMPOTENCY_CONFLICT', path: null } },
      bad(3, 'paymentExternalId'),
      bad(4, 'occurredAt'),
      bad(5, 'autoRetryCount'),
      bad(6, 'paymentExternalId'),
    ])
    expect(again.duplicates).toBe(1)
    expect(await paymentEvents.countDocuments({ tenant: 'default', 'event.eventId': event.id })).toBe(1)
  })

  it('are accepted once of calls at the same moment', async () => {
    const event = eventOf('unknown-2', 'PAYMENT_CAPTURED')

    const answers = await Promise.all(Array.from({ length: 5 }, () => ingest(event)))

    expect(answers.map(({ accepted, duplicates }) => [accepted, duplicates]).sort()).toEqual([
      ...Array.from({ length: 4 }, () => [0, 1]),
      [1, 0],
    ])
  })

  it('need the permission payment:ingest, with which nothing else can be done', async () => {
    const refused = await send([eventOf('unknown-3', 'PAYMENT_CAPTURED')], reader)
    const other = await ask(url, { query: '{ transactions(first: 1) { nodes { id } } }', token: ingester })

    expect([refused, other].map(({ errors }) => errors[0]?.extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  })

  it('are refused with BAD_USER_INPUT and the path of each wrong field, and nothing of them is stored', async () => {
    const text = fc.oneof(
      ...[fc.constant(''), fc.constant(' '), fc.constant('x'.repeat(10_000)), fc.constant('a\u0000b')],
      fc.string({ unit: 'binary', maxLength: 5 }).map((some) => `\ud800${some}`),
      fc.constant('4000 0566 5566 5556'.replaceAll(' ', '')),
    )
    const wrongOf = {
      id: text,
      paymentExternalId: text,
      occurredAt: fc.constantFrom('2999-01-01T00:00:00Z', '2030-02-30T00:00:00Z', 'yesterday', '', '0'),
      amount: fc.oneof(
        fc.integer({ max: 0 }).map((amount) => ({ amount })),
        fc.integer({ min: 100_000_001 }).map((amount) => ({ amount })),
        fc.constantFrom('XXX', 'nope', '', '€').map((currency) => ({ amount: 1, currency })),
      ),
      autoRetryCount: fc.oneof(fc.integer({ max: -1 }), fc.integer({ min: 101 })),
      installmentNumber: fc.constantFrom(0, 121, 1),
      disputeReason: fc.constant('UNAUTHORIZED'),
    }
    const names = Object.keys(wrongOf) as (keyof typeof wrongOf)[]
    const wrong = fc.constantFrom(...names).chain((name) => wrongOf[name].map((value) => ({ name, value })))
    const before = await paymentEvents.countDocuments({})

    await fc.assert(
      fc.asyncProperty(fc.array(wrong, { minLength: 30, maxLength: 60 }), async (rows) => {
        const { data, errors } = await send(
          rows.map(({ name, value }) => eventOf('unknown-4', 'PAYMENT_DECLINED', { [name]: value })),
        )
        const { results } = data.ingestPaymentEvents as { results: { error: { code: string; path: string[] } }[] }
        expect(errors).toEqual([])
        expect(results.map(({ error: { code, path } }) => [code, path[2]])).toEqual(
          rows.map(({ name }) => ['BAD_USER_INPUT', name]),
        )
      }),
      { numRuns: 5 },
    )

    expect(await paymentEvents.countDocuments({})).toBe(before)
  })
})

describe('a payment event', () => {
  it('moves its payment, opens the issue of its rule once, and is audited with its sender', async () => {
    const declined = await newPayment('AUTHORIZED')
    const disputed = await newPayment('CAPTURED')
    const missed = await newPayment('CAPTURED')
    await ingest(
      eventOf(declined, 'PAYMENT_DECLINED', { declineCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 2 }),
      eventOf(disputed, 'CHARGEBACK_OPENED', { disputeReason: 'ITEM_NOT_RECEIVED' }),
      eventOf(missed, 'INSTALLMENT_MISSED', { installmentNumber: 2 }),
    )

    await intake.applyEvents()
    await intake.applyEvents()

    const opened = await Promise.all([declined, disputed, missed].map(issuesOf))
    expect(opened.map((some) => some.map(({ details, priority }) => [priority, details]))).toMatchObject([
      [['NORMAL', { type: 'DECLINE', errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 2 }]],
      [['HIGH', { type: 'DISPUTE', reason: 'ITEM_NOT_RECEIVED', daysSincePurchase: 0 }]],
      [['NORMAL', { type: 'MISSED_INSTALLMENT', installmentNumber: 2, amountDue: { amount: 1_250 } }]],
    ])
    const states = await Promise.all([declined, disputed, missed].map(paymentOf))
    expect(states.map((payment) => payment?.status)).toEqual(['DECLINED', 'DISPUTED', 'CAPTURED'])
    const [stored] = await storedOf(declined)
    expect(stored).toMatchObject({ state: 'APPLIED', nextAttemptAt: null, expiresAt: expect.any(Date) })
    const events = await outboxEvents(db)
    const facts = { actor: 'a-ingest', changes: { issueId: { after: opened[0]![0]!._id } } }
    expect(events.filter(({ entity }) => entity.id === stored?._id)).toMatchObject([
      { type: 'payment_event.applied', ...facts, data: { type: 'PAYMENT_DECLINED', transactionId: states[0]?._id } },
    ])
    const ofPayment = events
      .filter(({ entity }) => entity.id === states[0]?._id)
      .map(({ type, actor }) => [type, actor])
    expect(ofPayment).toEqual([
      ['transaction.created', 'ada'],
      ['transaction.updated', 'a-ingest'],
    ])
  })

  it('is applied after those that occurred earlier, also where it came before them', async () => {
    const payment = await newPayment('AUTHORIZED')
    await ingest(
      eventOf(payment, 'PAYMENT_REFUNDED', { occurredAt: after(30), amount: { amount: 500, currency: 'usd' } }),
    )
    await ingest(eventOf(payment, 'PAYMENT_CAPTURED', { occurredAt: after(20) }))

    await intake.applyEvents()

    expect(await paymentOf(payment)).toMatchObject({ status: 'CAPTURED', refunded: 500, version: 3 })
  })

  it('of a payment that is not known waits with those behind it, and holds up no others', async () => {
    const payment = `late-${++count}`
    const other = await newPayment('AUTHORIZED')
    await ingest(
      eventOf(payment, 'PAYMENT_CAPTURED'),
      eventOf(payment, 'CHARGEBACK_OPENED', { disputeReason: 'UNAUTHORIZED' }),
      eventOf(other, 'PAYMENT_CAPTURED'),
    )

    await intake.applyEvents()
    const waiting = await storedOf(payment)
    await newPayment('AUTHORIZED', { externalId: payment })
    await intake.applyEvents()
    const early = await statesOf(payment)
    at = new Date(NOW.getTime() + 1_000)
    await intake.applyEvents()

    expect((await paymentOf(other))?.status).toBe('CAPTURED')
    expect(waiting.map(({ nextAttemptAt, attempts, failure }) => [nextAttemptAt, attempts, failure?.code])).toEqual([
      [new Date(NOW.getTime() + 1_000), 1, 'TRANSACTION_NOT_FOUND'],
      [new Date(NOW.getTime() + 1_000), 0, undefined],
    ])
    expect(early.map(([state]) => state)).toEqual(['WAITING', 'WAITING'])
    expect((await statesOf(payment)).map(([state]) => state)).toEqual(['APPLIED', 'APPLIED'])
    expect(await paymentOf(payment)).toMatchObject({ status: 'DISPUTED' })
  })

  it('is a dead letter after 15 attempts with waits from 1 s to 5 min, and those behind it go on', async () => {
    const payment = await newPayment('DECLINED')
    await ingest(eventOf(payment, 'CHARGEBACK_WON'), eventOf(payment, 'PAYMENT_CAPTURED'))
    const waits: number[] = []

    for (let attempt = 0; attempt < 15; attempt++) {
      await intake.applyEvents()
      const [first] = await storedOf(payment)
      if (first?.nextAttemptAt) {
        waits.push((first.nextAttemptAt.getTime() - at.getTime()) / 1_000)
        at = first.nextAttemptAt
      }
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300])
    expect(await statesOf(payment)).toEqual([
      ['DEAD', 15],
      ['APPLIED', 0],
    ])
    const [dead] = await storedOf(payment)
    const listed = (await outboxEvents(db)).filter(({ type, data }) => {
      const { id } = data as { id?: string }
      return type === 'dead_letter.added' && id === dead?._id
    })
    expect(listed).toMatchObject([
      {
        data: {
          ...{ group: 'issues', attempts: 15, eventType: 'CHARGEBACK_WON', eventId: dead?.event.eventId },
          reason: expect.stringContaining('INVALID_TRANSITION'),
          ...{ subject: { type: 'Transaction', id: payment }, payload: { paymentExternalId: payment } },
        },
      },
    ])
  })

  it('belongs to the tenant of its sender, and reaches no payment of another one', async () => {
    const payment = await newPayment('AUTHORIZED')
    const event = eventOf(payment, 'PAYMENT_CAPTURED')
    const stranger = await tokenOf({ ...withRole('ingest'), tenant: 'other' })

    const answers = [await send([event]), await send([event], stranger)]
    const others = await paymentEvents.find({ tenant: 'other', 'event.paymentExternalId': payment }).toArray()
    await paymentEvents.deleteMany({ tenant: 'default', 'event.paymentExternalId': payment })
    await intake.applyEvents()

    expect(answers.map(({ data }) => data.ingestPaymentEvents.accepted)).toEqual([1, 1])
    expect(others).toHaveLength(1)
    expect((await paymentOf(payment))?.status).toBe('AUTHORIZED')
  })

  it('that is a dead letter is tried again or given up, as an operator has chosen in the list', async () => {
    const payments = [await newPayment('DECLINED'), await newPayment('DECLINED')]
    const bad = payments.map((payment) => eventOf(payment, 'CHARGEBACK_WON'))
    await ingest(...bad)
    const dead = { state: 'DEAD', attempts: 15, nextAttemptAt: null } as const
    await paymentEvents.updateMany(
      { tenant: 'default', 'event.eventId': { $in: bad.map(({ id }) => id) } },
      { $set: dead },
    )
    const [again, givenUp] = (await Promise.all(payments.map(storedOf))).map(([one]) => one!._id)
    const act = (type: 'dead_letters.replayed' | 'dead_letters.discarded', ids: string[]) =>
      newEvent(type, {
        ...{ id: `${type}-${ids[0]}`, at, cause: ADA, entity: { type: 'ConsumerGroup', id: 'issues' } },
        data: { group: 'issues', ids },
      })
    await transactions.updateOne({ tenant: 'default', externalId: payments[0]! }, { $set: { status: 'DISPUTED' } })

    for (const event of [act('dead_letters.replayed', [again!]), act('dead_letters.discarded', [givenUp!, again!])]) {
      await inTransaction(mongo, (session) => intake.followActs([event], session))
    }
    await intake.applyEvents()

    expect(await Promise.all(payments.map(statesOf))).toEqual([[['APPLIED', 0]], [['DISCARDED', 15]]])
    expect((await ingest(bad[1]!)).duplicates).toBe(1)
  })

  it('is applied once by two workers at the same moment', async () => {
    const payment = await newPayment('CAPTURED')
    const outcomes: string[] = []
    const count: CountEvents = (outcome) => void outcomes.push(outcome)
    await ingest(eventOf(payment, 'CHARGEBACK_OPENED', { disputeReason: 'UNAUTHORIZED' }))

    await Promise.all([1, 2, 3].map(() => service.intakeOn({ count }).applyEvents()))

    expect(await issuesOf(payment)).toHaveLength(1)
    expect(await paymentOf(payment)).toMatchObject({ status: 'DISPUTED', version: 2 })
    expect(outcomes).not.toContain('failed')
  })
})

describe('a crash', () => {
  it('before any write of a call loses no accepted event, and stores none twice', async () => {
    const event = eventOf('unknown-crash', 'PAYMENT_CAPTURED')
    for (let step = 1; ; step++) {
      const dying = service.intakeOn(mortal(step))
      const { id: eventId, type: _, ...rest } = event
      const given = { eventId, ...rest, occurredAt: new Date(event.occurredAt), type: 'PAYMENT_CAPTURED' as const }
      const nothing = { amount: null, declineCode: null, autoRetryCount: null, installmentNumber: null }
      const [outcome] = await dying
        .acceptEvents([{ ...given, ...nothing, disputeReason: null }], ADA)
        .catch(() => ['crashed'])
      expect(await paymentEvents.countDocuments({ tenant: 'default', 'event.eventId': eventId })).toBe(
        outcome === 'ACCEPTED' ? 1 : 0,
      )
      if (outcome === 'ACCEPTED') break
      expect(step).toBeLessThan(20)
    }

    expect((await ingest(event)).duplicates).toBe(1)
  })

  it('before any write of an attempt leaves nothing half done, and the event is applied once in the end', async () => {
    const payment = await newPayment('CAPTURED')
    await ingest(eventOf(payment, 'CHARGEBACK_OPENED', { disputeReason: 'UNAUTHORIZED' }))
    let steps = 0
    for (; ; steps++) {
      await service
        .intakeOn(mortal(steps + 1))
        .applyEvents()
        .catch(() => {})
      const isApplied = (await statesOf(payment))[0]![0] === 'APPLIED'
      expect(await issuesOf(payment)).toHaveLength(isApplied ? 1 : 0)
      expect((await paymentOf(payment))?.status).toBe(isApplied ? 'DISPUTED' : 'CAPTURED')
      if (isApplied) break
      at = new Date(at.getTime() + 600_000)
      expect(steps).toBeLessThan(14)
    }

    // The event, the payment and its event, the issue and its event, the act.
    expect(steps).toBeGreaterThanOrEqual(6)
    const events = await outboxEvents(db)
    const [applied] = await storedOf(payment)
    expect(events.filter(({ entity }) => entity.id === applied?._id)).toHaveLength(1)
  })
})

/** Collections of a process that ends before its `step`th write. */
function mortal(step: number) {
  let writes = 0
  const ending = <T extends object>(collection: T): T =>
    new Proxy(collection, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (WRITES.has(String(name)) && ++writes >= step) throw new Error('crash')
          return value.apply(target, given)
        }
      },
    })
  const { paymentEvents: events, transactions: payments, issues: opened } = collections
  const own = { paymentEvents: ending(events), transactions: ending(payments), issues: ending(opened) }
  return { collections: { ...collections, ...own }, outbox: ending(createOutbox(db, () => {})) }
}
const WRITES = new Set(['insertMany', 'updateOne', 'updateMany', 'bulkWrite', 'add'])
