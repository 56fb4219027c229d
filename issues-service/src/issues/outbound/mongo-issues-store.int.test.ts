import { DecisionCase } from '@redress/shared/contracts.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import {
  ADA,
  caseIn,
  decisionOf,
  failed,
  made,
  NOW,
  openIssue,
  openService,
  REVIEWER,
  refundInput,
  started,
} from '../../../test/service.ts'
import type { Issue } from '../domain/issue.ts'
import type { IssueInput } from '../domain/issue-input.ts'
import type { CreateIssueCommand } from '../use-cases/create-issues.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const { collections, createIssues, eventsOf, followDecisions, reviewIssue, retryIssue } = service

const find = async (id: string) => (await service.views.findIssues([id]))[0]!
const refusal = (code: string) => expect.objectContaining({ code })
const stored = async () => [
  await collections.issues.countDocuments({ tenant: 'default', createdAt: { $gte: new Date(0) } }),
  (await outboxEvents(db)).length,
]

describe('a new issue', () => {
  it('is pending and at version 1, and its event has the changes', async () => {
    const issue = await openIssue(service)

    expect(issue).toMatchObject({ status: 'PENDING', version: 1, customerId: 'cust_1', createdAt: NOW })
    expect(await find(issue.id)).toEqual(issue)
    expect(await eventsOf(issue.id)).toEqual([
      {
        id: `${issue.id}-1`,
        type: 'issue.created',
        at: '2030-06-15T12:00:00.000Z',
        actor: 'ada',
        requestId: 'req-1',
        ip: '10.0.0.1',
        tenant: 'default',
        entity: { type: 'Issue', id: issue.id },
        changes: {
          status: { before: null, after: 'PENDING' },
          type: { before: null, after: 'REFUND_REQUEST' },
          priority: { before: null, after: 'NORMAL' },
          customerId: { before: null, after: 'cust_1' },
          transactionId: { before: null, after: 'txn_1' },
        },
        data: { case: expect.anything() },
      },
    ])
  })

  it('sends along all that a decision needs', async () => {
    await openIssue(service, { customerId: 'cust_2', transactionId: null })
    const details = { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 1, partialAmount: null } as const
    const change = { customerId: 'cust_2', transactionId: 'txn_2', priority: 'HIGH', details } as const
    const issue = await openIssue(service, change)

    const [event] = await eventsOf(issue.id)

    expect(DecisionCase.assert(caseIn(event))).toEqual({
      issueId: issue.id,
      priority: 'HIGH',
      details,
      customer: {
        id: 'cust_2',
        riskScore: 70,
        accountAgeDays: 3,
        recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 1 },
      },
      transaction: { id: 'txn_2', amount: { amount: 5_000, currency: 'USD' }, status: 'CAPTURED', ageDays: 1 },
    })
  })

  it.for([3, 101])('counts the latest 50 issues of each customer of a batch, one of whom has %i', async (issues) => {
    const ids = ['busy', 'other'].map((name) => `cust_${name}_${issues}`)
    const plain = { tenant: 'default', riskScore: 1, createdAt: NOW, emailSealed: '', nameSealed: '' }
    await collections.customers.insertMany(ids.map((_id) => ({ _id, ...plain })))
    const orderOf = (customerId: string) => ({ input: refundInput({ customerId, transactionId: null }), cause: ADA })
    await createIssues([...Array.from({ length: issues }, () => orderOf(ids[0]!)), orderOf(ids[1]!)])

    const opened = (await createIssues(ids.map(orderOf))) as Issue[]

    const cases = await Promise.all(opened.map(async ({ id }) => caseIn((await eventsOf(id))[0])))
    const counts = cases.map(({ customer }) => customer.recentIssues.REFUND_REQUEST)
    expect(counts).toEqual([Math.min(issues, 50), 1])
  })

  it('has no personal data in its events', async () => {
    const issue = await openIssue(service)

    const text = JSON.stringify(await eventsOf(issue.id))

    expect(text).not.toMatch(/grace|hopper/i)
  })

  it('is opened once for one key, however many ask at the same moment on two processes', async () => {
    const other = await openService({ mongo, db })
    const doors = [createIssues, other.createIssues].map((door) => coalesce<CreateIssueCommand, Issue>(door))
    const input = refundInput()
    const before = await stored()

    const issues = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        doors[index % 2]!({ input, cause: { ...ADA, requestId: `req-${index}` } }),
      ),
    )

    expect(new Set(issues.map(({ id }) => id)).size).toBe(1)
    expect(await stored()).toEqual(before.map((count) => count + 1))
  })

  it('is the first one again for the same key and input, also when it has moved on', async () => {
    const input = refundInput()
    const issue = await openIssue(service, input)
    await followDecisions([started(issue.id)])

    const [again] = await createIssues([{ input, cause: ADA }])

    expect(again).toMatchObject({ id: issue.id, status: 'PROCESSING', version: 2 })
  })

  it('is refused for a key that was used with another input', async () => {
    const input = refundInput()
    await openIssue(service, input)

    const outcomes = await createIssues([{ input: { ...input, priority: 'LOW' }, cause: ADA }])

    expect(outcomes).toEqual([refusal('IDEMPOTENCY_CONFLICT')])
  })

  it('is refused where one batch has the key with two inputs, and the first stands', async () => {
    const input = refundInput()

    const outcomes = await createIssues([
      { input, cause: ADA },
      { input: { ...input, priority: 'LOW' }, cause: ADA },
      { input, cause: ADA },
    ])

    const id = (outcomes[0] as Issue).id
    expect(outcomes).toMatchObject([{ id }, { code: 'IDEMPOTENCY_CONFLICT' }, { id }])
  })

  const installment = {
    type: 'MISSED_INSTALLMENT',
    installmentNumber: 2,
    totalInstallments: 4,
    amountDue: { amount: 1, currency: 'USD' },
    daysOverdue: 0,
  } as const

  it.for<[string, Partial<IssueInput>]>([
    ['CUSTOMER_NOT_FOUND', { customerId: 'cust_unknown' }],
    ['TRANSACTION_NOT_FOUND', { transactionId: 'txn_unknown' }],
    ['TRANSACTION_MISMATCH', { transactionId: 'txn_2' }],
    ['BAD_USER_INPUT', { details: { ...installment, installmentNumber: 5 } }],
  ])('is refused with %s for %o, and nothing is left of it', async ([code, change]) => {
    const before = await stored()

    const outcomes = await createIssues([{ input: refundInput(change), cause: ADA }])

    expect(outcomes).toEqual([refusal(code)])
    expect(await stored()).toEqual(before)
  })

  it('has its key to itself: another caller may use the same one for another issue', async () => {
    const input = refundInput()

    const outcomes = await createIssues([
      { input, cause: ADA },
      { input: { ...input, priority: 'LOW' }, cause: REVIEWER },
      { input: { ...input, priority: 'HIGH' }, cause: { ...ADA, actor: 'api-key:1f' } },
      { input: { ...input, priority: 'LOW' }, cause: REVIEWER },
    ])

    const ids = outcomes.map((outcome) => (outcome as Issue).id)
    expect(new Set(ids).size).toBe(3)
    expect(ids[3]).toBe(ids[1])
  })

  it('by an internal key is another one than by the same key of any caller', async () => {
    const input = refundInput()
    const named = (actor: string) => ({ input, cause: { ...ADA, actor } })

    const outcomes = await createIssues([
      { input, cause: ADA, space: 'payments' },
      named('ada'),
      named('payments'),
      named('i:payments'),
      { input, cause: REVIEWER, space: 'payments' },
    ])

    const ids = outcomes.map((outcome) => (outcome as Issue).id)
    expect(new Set(ids).size).toBe(4)
    expect(ids[4]).toBe(ids[0])
  })

  it('that was created before keys had spaces is found by its caller', async () => {
    const input = refundInput()
    const [first] = (await createIssues([{ input, cause: ADA }])) as Issue[]
    await collections.issues.updateOne({ _id: first!.id }, { $unset: { 'claim.space': '' } })

    const [again, other] = (await createIssues([
      { input, cause: ADA },
      { input, cause: REVIEWER },
    ])) as Issue[]

    expect(again!.id).toBe(first!.id)
    expect(other!.id).not.toBe(first!.id)
  })

  it('is opened beside others that are refused', async () => {
    const before = await stored()

    const outcomes = await createIssues([
      { input: refundInput({ customerId: 'nobody' }), cause: ADA },
      { input: refundInput(), cause: ADA },
      { input: refundInput({ transactionId: 'txn_2' }), cause: ADA },
    ])

    expect(outcomes).toMatchObject([
      { code: 'CUSTOMER_NOT_FOUND' },
      { status: 'PENDING' },
      { code: 'TRANSACTION_MISMATCH' },
    ])
    expect(await stored()).toEqual(before.map((count) => count + 1))
  })

  it('may use a key again whose first use was refused', async () => {
    const input = refundInput({ customerId: 'nobody' })
    await createIssues([{ input, cause: ADA }])

    const [outcome] = await createIssues([{ input: { ...input, customerId: 'cust_1' }, cause: ADA }])

    expect(outcome).toMatchObject({ status: 'PENDING' })
  })
})

describe('an issue whose decision is followed', () => {
  it('goes through processing to resolved, with an event for each step', async () => {
    const { id } = await openIssue(service)

    await followDecisions([started(id)])
    await followDecisions([made(id)])

    expect(await find(id)).toMatchObject({
      status: 'RESOLVED',
      version: 3,
      decisionId: decisionOf(id),
      resolution: { action: 'APPROVE_REFUND', by: 'redress:decisions', note: null },
    })
    const events = await eventsOf(id)
    expect(events.map(({ data }) => data)).toMatchObject([
      { case: { issueId: id } },
      { from: 'PENDING', to: 'PROCESSING' },
      { from: 'PROCESSING', to: 'RESOLVED', decisionId: decisionOf(id) },
    ])
  })

  it('is moved once by an event that is delivered twice', async () => {
    const { id } = await openIssue(service, { transactionId: null })

    await followDecisions([started(id), started(id), made(id), made(id)])
    await followDecisions([made(id)])

    expect(await find(id)).toMatchObject({ status: 'RESOLVED', version: 3 })
    expect(await eventsOf(id)).toHaveLength(3)
  })

  it('ends the same if events arrive in the wrong order', async () => {
    const { id } = await openIssue(service)

    await followDecisions([made(id, { routing: 'HUMAN_REVIEW' })])
    await followDecisions([started(id)])

    expect(await find(id)).toMatchObject({ status: 'AWAITING_REVIEW', version: 3 })
    expect((await eventsOf(id)).map(({ data }) => (data as { to?: string }).to)).toEqual([
      undefined,
      'PROCESSING',
      'AWAITING_REVIEW',
    ])
  })

  it('has events that are each later than the one before, though the clock stands still', async () => {
    const { id } = await openIssue(service)

    await followDecisions([started(id), made(id)])

    expect((await eventsOf(id)).map(({ at }) => at)).toEqual([
      '2030-06-15T12:00:00.000Z',
      '2030-06-15T12:00:00.001Z',
      '2030-06-15T12:00:00.002Z',
    ])
  })

  it('fails with the reason where no decision could be made', async () => {
    const { id } = await openIssue(service)

    await followDecisions([started(id), failed(id)])

    expect(await find(id)).toMatchObject({ status: 'FAILED', failure: 'no luck' })
  })

  it('and was retried is not moved by what comes late of its first attempt', async () => {
    const { id } = await openIssue(service, { transactionId: null })
    await followDecisions([started(id), failed(id)])
    await service.retryIssue({ issueId: id, cause: ADA })

    await followDecisions([started(id), failed(id), made(id)])
    const late = await find(id)
    await followDecisions([started(id, 4), failed(id), made(id, { version: 4 })])

    expect(late).toMatchObject({ status: 'PENDING', version: 4, failure: null })
    expect(await find(id)).toMatchObject({ status: 'RESOLVED', version: 6, decisionId: decisionOf(id, 4) })
  })

  it('does not keep others from being followed when it is not there', async () => {
    const { id } = await openIssue(service)

    await followDecisions([started('iss_gone'), started(id)])

    expect(await find(id)).toMatchObject({ status: 'PROCESSING' })
  })
})

const awaitingReview = async () => {
  const { id } = await openIssue(service)
  await followDecisions([made(id, { routing: 'HUMAN_REVIEW' })])
  return find(id)
}
const review = { action: 'DENY_REFUND', note: 'seen', seenVersion: null, cause: REVIEWER, mayOverrule: false } as const

describe('a review', () => {
  it('resolves an issue that waits for one, and keeps the note out of the event', async () => {
    const { id } = await awaitingReview()

    const issue = await reviewIssue({ issueId: id, ...review })

    expect(issue).toMatchObject({ status: 'RESOLVED', version: 4, resolution: { action: 'DENY_REFUND', by: 'rhea' } })
    expect(await find(id)).toEqual(issue)
    const event = (await eventsOf(id)).at(-1)
    expect(event).toMatchObject({
      actor: 'rhea',
      data: { review: { action: 'DENY_REFUND' }, decisionId: decisionOf(id) },
    })
    expect(JSON.stringify(event)).not.toContain('seen')
  })

  it('of an older version is refused', async () => {
    const { id } = await awaitingReview()

    const stale = reviewIssue({ issueId: id, ...review, seenVersion: 2 })

    await expect(stale).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await find(id)).toMatchObject({ status: 'AWAITING_REVIEW', version: 3 })
  })

  it('is taken from one of two people at the same moment', async () => {
    const { id } = await awaitingReview()

    const outcomes = await Promise.allSettled(
      Array.from({ length: 2 }, () => reviewIssue({ issueId: id, ...review, seenVersion: 3 })),
    )

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'INVALID_TRANSITION' },
    })
    expect(await eventsOf(id)).toHaveLength(4)
  })

  it('of an issue that does not wait for one is refused', async () => {
    const { id } = await openIssue(service)

    await expect(reviewIssue({ issueId: id, ...review })).rejects.toMatchObject({
      code: 'INVALID_TRANSITION',
      facts: { from: 'PENDING', to: 'RESOLVED' },
    })
  })

  it('cannot end an issue in a way that its type does not know', async () => {
    const { id } = await awaitingReview()

    await expect(reviewIssue({ issueId: id, ...review, action: 'BLOCK_CARD' })).rejects.toMatchObject({
      code: 'ACTION_NOT_ALLOWED',
    })
  })

  it('of an issue that is not there is refused', async () => {
    await expect(reviewIssue({ issueId: 'iss_gone', ...review })).rejects.toMatchObject({ code: 'ISSUE_NOT_FOUND' })
  })
})

describe('a retry', () => {
  it('sends a failed issue through the decision again, with its case', async () => {
    const { id } = await openIssue(service)
    await followDecisions([failed(id)])

    const issue = await retryIssue({ issueId: id, cause: REVIEWER })

    expect(issue).toMatchObject({ status: 'PENDING', failure: null, version: 4 })
    const event = (await eventsOf(id)).at(-1)
    expect(event).toMatchObject({ id: `${id}-4`, data: { from: 'FAILED', to: 'PENDING' } })
    expect(DecisionCase.assert(caseIn(event))).toMatchObject({
      issueId: id,
      transaction: { shippingStatus: 'DELIVERED' },
    })
  })

  it('does not count the issue itself among the recent issues', async () => {
    await collections.customers.insertOne({
      _id: 'cust_once',
      tenant: 'default',
      riskScore: 1,
      createdAt: NOW,
      emailSealed: '',
      nameSealed: '',
    })
    const { id } = await openIssue(service, { customerId: 'cust_once', transactionId: null })
    await followDecisions([failed(id)])

    await retryIssue({ issueId: id, cause: REVIEWER })

    const { customer } = caseIn((await eventsOf(id)).at(-1))
    expect(customer.recentIssues).toMatchObject({ REFUND_REQUEST: 0 })
  })

  it('of an issue that has not failed is refused', async () => {
    const { id } = await openIssue(service)

    await expect(retryIssue({ issueId: id, cause: REVIEWER })).rejects.toMatchObject({
      code: 'INVALID_TRANSITION',
    })
  })

  it('of an issue that is not there is refused', async () => {
    await expect(retryIssue({ issueId: 'iss_gone', cause: REVIEWER })).rejects.toMatchObject({
      code: 'ISSUE_NOT_FOUND',
    })
  })
})
