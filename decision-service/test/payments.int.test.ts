import type { Cause } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import type { TraceStep } from '../src/domain/decision.ts'
import type { NewReview } from '../src/domain/review.ts'
import {
  digestOfPayment,
  formerPaymentIdFor,
  type PaymentInput,
  paymentIdFor,
} from '../src/payments/domain/payment-input.ts'
import { createSettlePayments } from '../src/payments/outbound/mongo-settlements.ts'
import type { Payments } from '../src/payments/use-cases/ports.ts'
import { type Fault, type KnownCustomer, type Operation, openIssuesSubgraph } from './issues-subgraph.ts'
import { NOW, openPayments, paymentOf } from './payments.ts'

const captured = { amount: { amount: 100_000, currency: 'USD' }, status: 'CAPTURED' }
const safe: KnownCustomer = { riskScore: 10, transactions: [captured], issues: [] }
const disputedOn = (day: string) => ({ type: 'DISPUTE', createdAt: new Date(`${day}T00:00:00Z`) })

/** Each test has a customer of its own, since earlier payments of a customer influence later ones. */
const customers: Record<string, KnownCustomer> = {}
let people = 0
const newCustomer = (change: Partial<KnownCustomer> = {}) => {
  const id = `cust_${++people}`
  customers[id] = { ...safe, ...change }
  return id
}

const { mongo, db } = await openTestDatabase()
const issues = await openIssuesSubgraph(customers)
afterAll(issues.close)
const open = async (change: Partial<Parameters<typeof openPayments>[0]> = {}) => {
  const payments = await openPayments({ mongo, db, issuesUrl: issues.url, ...change })
  afterAll(payments.close)
  return payments
}
const payments = await open()
const { decidePayment, eventsAbout } = payments

const token = await tokenOf(withRole('operator'))
const ADA: Cause & { requestId: string } = { actor: 'ada', requestId: 'req-1', ip: null, tenant: 'default' }
const caller = { ...ADA, token }
const stepsOf = (trace: readonly TraceStep[]) => trace.map(({ name, ok, error }) => (ok ? name : `${name} ${error}`))
const storedOf = (customerId: string) => payments.collections.payments.find({ customerId }).toArray()

describe('a payment', () => {
  it('that nothing speaks against is allowed, and says how that came', async () => {
    const input = paymentOf(newCustomer())

    const payment = await decidePayment({ input, caller })

    expect(payment).toMatchObject({
      verdict: 'ALLOW',
      reasons: ['NOTHING_AGAINST: Balance, risk and rules have nothing against it.'],
      caseId: null,
      requestId: 'req-1',
      decidedAt: NOW,
    })
    expect(stepsOf(payment.trace)).toEqual(['plan', 'getBalance', 'getRiskSignals', 'decide'])
    expect(await payments.views.findPayments([payment.id, 'pay_none'])).toEqual([payment, null])
    expect(await eventsAbout(payment.id)).toMatchObject([
      {
        id: `${payment.id}-decided`,
        type: 'payment.decided',
        actor: 'ada',
        entity: { type: 'PaymentDecision' },
        data: { paymentId: payment.id, customerId: input.customerId, verdict: 'ALLOW' },
      },
    ])
  })

  it('asks in the name of the caller, as a part of their request', async () => {
    await decidePayment({ input: paymentOf(newCustomer()), caller: { ...caller, requestId: 'req-of-the-name' } })

    const asked = issues.readers.filter(({ requestId }) => requestId === 'req-of-the-name')
    expect(asked).toEqual(Array(2).fill({ by: 'a-operator', requestId: 'req-of-the-name' }))
  })

  it.for<[string, Partial<KnownCustomer>, object, string]>([
    ['HIGH and CARD_DECLINED where the risk blocks it', { riskScore: 90 }, { priority: 'HIGH' }, 'CARD_DECLINED'],
    ['HIGH and INSUFFICIENT_FUNDS without money', { transactions: [] }, { priority: 'HIGH' }, 'INSUFFICIENT_FUNDS'],
    ['NORMAL where a person is to look', { riskScore: 60 }, { priority: 'NORMAL' }, 'CARD_DECLINED'],
  ])('that is not allowed opens a case of %s', async ([, change, priority, errorCode]) => {
    const customerId = newCustomer(change)

    const payment = await decidePayment({ input: paymentOf(customerId), caller })

    expect(payment.caseId).toBe(`iss_of_${payment.id}`)
    expect(issues.cases.get(payment.id)).toMatchObject({
      ...{ customerId, payeeId: 'payee_1', amount: { amount: 1_000, currency: 'USD' } },
      ...priority,
      errorCode,
    })
  })

  it('is looked at after three disputes within 90 days; older ones do not count', async () => {
    const three = ['2030-06-01', '2030-05-01', '2030-04-01'].map(disputedOn)
    const two = ['2030-06-01', '2030-05-01', '2030-03-01'].map(disputedOn)

    const [many, few] = await Promise.all(
      [three, two].map((found) => decidePayment({ input: paymentOf(newCustomer({ issues: found })), caller })),
    )

    expect(many).toMatchObject({ verdict: 'REVIEW', reasons: [expect.stringMatching(/^DISPUTES_MANY: /)] })
    expect(few?.verdict).toBe('ALLOW')
  })

  it('of much is looked at, unless the payee was paid before', async () => {
    const customerId = newCustomer()
    const large = { amount: { amount: 60_000, currency: 'USD' } }

    const first = await decidePayment({ input: paymentOf(customerId, large), caller })
    await decidePayment({ input: paymentOf(customerId), caller })
    const later = await decidePayment({ input: paymentOf(customerId, large), caller })

    expect([first.verdict, later.verdict]).toEqual(['REVIEW', 'ALLOW'])
  })

  it('is looked at after ten others within an hour', async () => {
    const customerId = newCustomer()
    const before = Array.from({ length: 10 }, () => decidePayment({ input: paymentOf(customerId), caller }))
    await Promise.all(before)
    const later = await open({ now: () => new Date(NOW.getTime() + 3_600_001) })

    const eleventh = await decidePayment({ input: paymentOf(customerId), caller })
    const afterAnHour = await later.decidePayment({ input: paymentOf(customerId), caller })

    expect([eleventh.verdict, afterAnHour.verdict]).toEqual(['REVIEW', 'ALLOW'])
  })

  it('of an unknown customer is refused at once, and nothing of it is stored', async () => {
    const input = paymentOf('cust_nobody')
    const askedBefore = issues.asked.length

    await expect(decidePayment({ input, caller })).rejects.toMatchObject({ code: 'CUSTOMER_NOT_FOUND' })

    expect(issues.asked.length - askedBefore).toBe(1)
    expect(await storedOf('cust_nobody')).toEqual([])
    expect(await eventsAbout(paymentIdFor(input, caller.actor))).toEqual([])
  })
})

describe('the same payment', () => {
  it('asked for again has the same answer, to the letter', async () => {
    const input = paymentOf(newCustomer({ riskScore: 60 }))
    const first = await decidePayment({ input, caller })
    const askedBefore = issues.asked.length

    const second = await decidePayment({ input, caller: { ...caller, requestId: 'req-2' } })

    expect(second).toEqual(first)
    expect(issues.asked.length).toBe(askedBefore)
    expect(await eventsAbout(first.id)).toHaveLength(1)
  })

  it('asked for by many at once, in two processes, is decided once', async () => {
    const input = paymentOf(newCustomer({ riskScore: 60 }))
    const decided: string[] = []
    const onDecided = ({ id }: { id: string }) => void decided.push(id)
    const processes = await Promise.all([open({ onDecided }), open({ onDecided })])

    const answers = await Promise.all([...processes, ...processes].map((one) => one.decidePayment({ input, caller })))

    expect(answers).toEqual(Array(4).fill(answers[0]))
    expect(decided).toHaveLength(1)
    expect(await eventsAbout(answers[0]!.id)).toHaveLength(1)
  })

  it('with another input is refused', async () => {
    const input = paymentOf(newCustomer())
    await decidePayment({ input, caller })

    const other = { ...input, payeeId: 'payee_2' }

    await expect(decidePayment({ input: other, caller })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('by the key of another caller is another payment', async () => {
    const input = paymentOf(newCustomer())
    const one = await decidePayment({ input, caller })

    const other = await decidePayment({ input: { ...input, payeeId: 'payee_2' }, caller: { ...caller, actor: 'bob' } })

    expect(other.id).not.toBe(one.id)
  })

  it('that was decided by the version before, which knew no callers, is answered again', async () => {
    const input = paymentOf(newCustomer())
    const { id: _, ...decided } = await decidePayment({ input: { ...input, idempotencyKey: 'another' }, caller })
    const id = formerPaymentIdFor(input)
    const { customerId, payeeId, amount } = input
    const asked = { _id: id, digest: digestOfPayment(input), customerId, payeeId, amount, requestedAt: NOW }
    await payments.collections.payments.insertOne({ ...decided, ...asked, status: 'DECIDED' })

    expect(await decidePayment({ input, caller })).toEqual({ id, ...decided })
    const other = await decidePayment({ input: { ...input, payeeId: 'payee_2' }, caller })
    expect(other.id).toBe(paymentIdFor(input, caller.actor))
  })

  it('by the key of another customer is another payment', async () => {
    const input = paymentOf(newCustomer())
    const other = { ...input, customerId: newCustomer() }

    const [one, another] = await Promise.all([input, other].map((each) => decidePayment({ input: each, caller })))

    expect(one?.id).not.toBe(another?.id)
  })
})

/** A process that is lost at the moment when it would store its answer. */
const lostAtTheEnd = (real: Payments): Payments => ({
  ...real,
  finish: () => Promise.reject(new Error('lost')),
  release: () => Promise.reject(new Error('lost')),
})
const later = (ms: number) => () => new Date(NOW.getTime() + ms)

describe('a claim that was left behind', () => {
  it('keeps others waiting, and then refuses them with a time to retry', async () => {
    const input = paymentOf(newCustomer())
    const lost = await open({ alter: lostAtTheEnd })
    await expect(lost.decidePayment({ input, caller })).rejects.toThrow('lost')

    await expect(decidePayment({ input, caller })).rejects.toMatchObject({ code: 'PAYMENT_IN_PROGRESS' })
  })

  it('is taken over by one request after 30 s, which continues with the stored judgement and opens no second case', async () => {
    const customerId = newCustomer({ riskScore: 60 })
    const input = paymentOf(customerId)
    const lost = await open({ alter: lostAtTheEnd })
    await expect(lost.decidePayment({ input, caller })).rejects.toThrow('lost')
    customers[customerId] = { ...safe, riskScore: 95 }
    const decided: string[] = []
    const onDecided = ({ id }: { id: string }) => void decided.push(id)
    const heirs = await Promise.all([1, 2].map(() => open({ now: later(30_000), onDecided })))

    const answers = await Promise.all(heirs.map((heir) => heir.decidePayment({ input, caller })))

    expect(decided).toHaveLength(1)
    expect(answers[0]).toMatchObject({ verdict: 'REVIEW', caseId: `iss_of_${paymentIdFor(input, caller.actor)}` })
    expect(answers[1]).toEqual(answers[0])
    expect([...issues.cases.values()].filter((one) => one.customerId === customerId)).toHaveLength(1)
    expect(await eventsAbout(answers[0]!.id)).toHaveLength(1)
  })

  it('cannot be finished by its former holder', async () => {
    const input = paymentOf(newCustomer({ riskScore: 60 }))
    const heir = await open({ now: later(30_000) })
    const slow = await open({
      alter: (real) => ({
        ...real,
        async finish(...answer) {
          await heir.decidePayment({ input, caller })
          return real.finish(...answer)
        },
      }),
    })

    await expect(slow.decidePayment({ input, caller })).rejects.toMatchObject({ code: 'PAYMENT_IN_PROGRESS' })

    expect(await decidePayment({ input, caller })).toMatchObject({ decidedAt: later(30_000)() })
    expect(await eventsAbout(paymentIdFor(input, caller.actor))).toHaveLength(1)
  })

  it('by a failure that was noticed is free at once', async () => {
    const input = paymentOf(newCustomer({ riskScore: 60 }))
    const failing = await open({ alter: (real) => ({ ...real, finish: () => Promise.reject(new Error('no store')) }) })
    await expect(failing.decidePayment({ input, caller })).rejects.toThrow('no store')

    expect(await decidePayment({ input, caller })).toMatchObject({ verdict: 'REVIEW' })
  })
})

describe('a claim', () => {
  const ask = (input: PaymentInput, now: Date) =>
    payments.store.claim({
      ...{ id: paymentIdFor(input, caller.actor), formerId: 'pay_former', digest: digestOfPayment(input), input, now },
      heldUntil: new Date(now.getTime() + 30_000),
    })
  const claimed = async (input: PaymentInput, now: Date) => {
    const outcome = await ask(input, now)
    if (outcome.kind !== 'CLAIMED') throw new Error(outcome.kind)
    return outcome.claim
  }
  const outcomesOf = async (input: PaymentInput, now: Date) =>
    (await Promise.all(Array.from({ length: 8 }, () => ask(input, now)))).map(({ kind }) => kind).sort()

  it('is given to one of many, and to one of many again after it expired', async () => {
    const input = paymentOf('cust_claimed')

    expect(await outcomesOf(input, NOW)).toEqual(['CLAIMED', ...Array(7).fill('HELD')])
    expect(await outcomesOf(input, later(30_000)())).toEqual(['CLAIMED', ...Array(7).fill('HELD')])
  })

  it('that was taken over cannot be changed by its former holder', async () => {
    const input = paymentOf('cust_claimed')
    const before = await claimed(input, NOW)
    const now = await claimed(input, later(30_000)())
    const judged = { verdict: 'BLOCK', reasons: [], balanceExceeded: false, ruleHits: [], trace: [] } as const
    const { idempotencyKey: _, ...asked } = input
    const answer = { ...asked, ...judged, id: now.id, caseId: null, requestId: 'r', durationMs: 1, decidedAt: NOW }

    expect(await payments.store.remember(before, judged)).toBe(false)
    expect(await payments.store.finish(before, answer, [])).toBe(false)
    await payments.store.release(before)

    expect((await ask(input, later(30_000)())).kind).toBe('HELD')
    expect(await payments.store.finish(now, answer, [])).toBe(true)
  })

  it('is given up without a trace, unless something was found out', async () => {
    const input = paymentOf('cust_given_up')
    const judged = { verdict: 'REVIEW', reasons: [], balanceExceeded: false, ruleHits: [], trace: [] } as const

    await payments.store.release(await claimed(input, NOW))
    expect(await storedOf('cust_given_up')).toEqual([])

    const again = await claimed(input, NOW)
    await payments.store.remember(again, judged)
    await payments.store.release(again)
    expect((await claimed(input, NOW)).judged).toEqual(judged)
  })
})

/** Where waiting for it is the point: much longer than an answer takes on a machine with much to do. */
const TIMEOUT_MS = 2_000

describe('when the issues subgraph', () => {
  const always = (fault: Fault) => [fault, fault, fault]

  it.for<[string, Operation, Fault[], { verdict: string; reason: string; steps: string[] }]>([
    [
      'fails, is silent and then is right, nothing is lost',
      'PaymentBalance',
      ['fails', 'never answers'],
      {
        verdict: 'ALLOW',
        reason: 'NOTHING_AGAINST',
        steps: ['getBalance SUBGRAPH_UNAVAILABLE', 'getBalance TOOL_TIMEOUT', 'getBalance', 'getRiskSignals'],
      },
    ],
    [
      'tells no balance, the payment is blocked',
      'PaymentBalance',
      always('fails'),
      {
        verdict: 'BLOCK',
        reason: 'BALANCE_UNAVAILABLE',
        steps: [...Array(3).fill('getBalance SUBGRAPH_UNAVAILABLE'), 'getRiskSignals'],
      },
    ],
    [
      'tells no risk, a person looks at it',
      'PaymentSignals',
      always('hangs up'),
      {
        verdict: 'REVIEW',
        reason: 'SIGNALS_UNAVAILABLE',
        steps: ['getBalance', ...Array(3).fill('getRiskSignals SUBGRAPH_UNAVAILABLE')],
      },
    ],
  ])('%s', async ([, operation, faults, { verdict, reason, steps }]) => {
    const ownBreaker = await open({ toolTimeoutMs: TIMEOUT_MS })
    issues.faults[operation].push(...faults)

    const payment = await ownBreaker.decidePayment({ input: paymentOf(newCustomer()), caller })

    expect(payment).toMatchObject({ verdict, reasons: [expect.stringMatching(`^${reason}: `)] })
    expect(stepsOf(payment.trace).slice(1, steps.length + 1)).toEqual(steps)
  })

  it('opens no case, the decision stands and the trace shows it', async () => {
    const ownBreaker = await open({ toolTimeoutMs: TIMEOUT_MS })
    issues.faults.PaymentCase.push(...always('hangs up'))

    const payment = await ownBreaker.decidePayment({ input: paymentOf(newCustomer({ riskScore: 90 })), caller })

    expect(payment).toMatchObject({ verdict: 'BLOCK', caseId: null })
    expect(stepsOf(payment.trace).slice(-3)).toEqual(Array(3).fill('createCase SUBGRAPH_UNAVAILABLE'))
    expect(await payments.views.findPayments([payment.id])).toEqual([payment])
  })

  it('does not answer though it opened a case, it is asked again and there is one case', async () => {
    const customerId = newCustomer({ riskScore: 90 })
    const ownBreaker = await open({ toolTimeoutMs: TIMEOUT_MS })
    issues.faults.PaymentCase.push('never answers')

    const payment = await ownBreaker.decidePayment({ input: paymentOf(customerId), caller })

    expect(payment.caseId).toBe(`iss_of_${payment.id}`)
    expect([...issues.cases.values()].filter((one) => one.customerId === customerId)).toHaveLength(1)
  })
})

describe('the review of a case', () => {
  const settlePayments = createSettlePayments({ collections: payments.collections, outbox: createOutbox(db, () => {}) })
  const review = (paymentId: string, action: NewReview['action'], at = NOW) =>
    inTransaction(mongo, (session) =>
      settlePayments(
        [
          {
            ...{ decisionId: 'dec_1', action, reviewer: 'rhea' },
            tenant: 'default',
            requestId: 'req-2',
            at,
            paymentId,
          },
        ],
        session,
      ),
    )
  const settledOf = async (id: string) => (await eventsAbout(id)).filter(({ type }) => type === 'payment.settled')
  const held = () => decidePayment({ input: paymentOf(newCustomer({ riskScore: 60 })), caller })

  it('settles the payment once, with one event, however often it comes', async () => {
    const payment = await held()

    await review(payment.id, 'RETRY_PAYMENT')
    await review(payment.id, 'RETRY_PAYMENT')
    await review(payment.id, 'BLOCK_CARD')

    const settlement = { status: 'APPROVED', action: 'RETRY_PAYMENT', by: 'rhea', at: NOW }
    expect(await payments.views.findPayments([payment.id])).toMatchObject([{ ...payment, settlement }])
    expect(await settledOf(payment.id)).toMatchObject([
      {
        ...{ id: `${payment.id}-settled`, actor: 'rhea', requestId: 'req-2', tenant: 'default' },
        changes: { settlement: { before: null, after: 'APPROVED' } },
        data: { paymentId: payment.id, customerId: payment.customerId, status: 'APPROVED' },
      },
    ])
  })

  it('that comes too late leaves the payment expired, with the reason', async () => {
    const payment = await held()

    await review(payment.id, 'RETRY_PAYMENT', new Date('2030-06-22T12:00:00Z'))

    const settlement = { status: 'EXPIRED', by: 'rhea', reason: expect.stringMatching(/^REVIEWED_TOO_LATE: /) }
    expect(await payments.views.findPayments([payment.id])).toMatchObject([{ settlement }])
    expect(await settledOf(payment.id)).toMatchObject([{ data: { status: 'EXPIRED' } }])
  })

  it('settles a payment whose decision was not stored yet, and the decision keeps that', async () => {
    const asked = paymentOf(newCustomer({ riskScore: 60 }))
    const reviewedEarly = await open({
      alter: (store) => ({
        ...store,
        async finish(claim, ...answer) {
          await review(claim.id, 'BLOCK_CARD')
          return store.finish(claim, ...answer)
        },
      }),
    })

    const { id } = await reviewedEarly.decidePayment({ input: asked, caller })

    expect(await payments.views.findPayments([id])).toMatchObject([{ id, settlement: { status: 'DENIED' } }])
  })

  it('of an unknown payment settles nothing', async () => {
    await review('pay_none', 'RETRY_PAYMENT')

    expect(await settledOf('pay_none')).toEqual([])
  })
})
