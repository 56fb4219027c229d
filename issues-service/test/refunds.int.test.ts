import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { readEvent } from '@redress/shared/events/catalogue.ts'
import { forgetMigrations } from '@redress/shared/stores/migrations/ledger.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import type { Issue } from '../src/issues/domain/issue.ts'
import { ADA, caseIn, failed, made, openIssue, openService, REVIEWER, refundInput, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const url = await serveService(service)
const operator = await tokenOf(withRole('operator'))

let payments = 0
/** A payment of 50.00 USD, made nine days ago. */
async function newPayment(change: object = {}): Promise<string> {
  const input = {
    externalId: `paid-${++payments}`,
    customerId: 'cust_1',
    merchant: 'Shop',
    amount: { amount: 5_000, currency: 'USD' },
    status: 'CAPTURED' as const,
    refunded: null,
    installmentPlan: null,
    shipping: null,
    paidAt: new Date('2030-06-06T12:00:00Z'),
    ...change,
  }
  const [outcome] = await service.createTransactions([{ input, cause: ADA }])
  if (outcome === undefined || outcome instanceof Error) throw new Error('not created', { cause: outcome })
  return outcome.entity.id
}
const refundOf = (transactionId: string, partial: number | null = null): Promise<Issue> =>
  openIssue(service, {
    transactionId,
    details: {
      type: 'REFUND_REQUEST',
      reason: 'DEFECTIVE',
      daysSincePurchase: 9,
      partialAmount: partial === null ? null : { amount: partial, currency: 'USD' },
    },
  })
const paymentOf = async (id: string) => (await service.views.findTransactions([id]))[0]!
const issueOf = async (id: string) => (await service.views.findIssues([id]))[0]!
const reviewOnce = (issueId: string) =>
  service.reviewIssue({
    issueId,
    action: 'APPROVE_REFUND',
    note: null,
    seenVersion: null,
    cause: REVIEWER,
    mayOverrule: false,
  })

/** Fifty writers of one payment may have to repeat for so long that the database counts as unavailable: try again. */
async function review(issueId: string): Promise<Issue> {
  for (;;) {
    try {
      return await reviewOnce(issueId)
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
    }
  }
}

describe('a refund that is approved', () => {
  it('by a decision is held against the payment, in the amount of the resolution', async () => {
    const payment = await newPayment()
    const { id } = await refundOf(payment, 2_000)

    await service.followDecisions([made(id)])

    expect((await issueOf(id)).resolution).toMatchObject({ amount: { amount: 2_000, currency: 'USD' } })
    expect(await paymentOf(payment)).toMatchObject({ approvals: { sum: 2_000, upTo: 2_000 }, refunded: 0, version: 2 })
    expect((await service.eventsOf(payment)).at(-1)).toMatchObject({
      changes: { approved: { before: 0, after: 2_000 } },
    })
  })

  it('of the whole payment is of all that is left', async () => {
    const payment = await newPayment({ refunded: { amount: 1_500, currency: 'USD' } })
    const { id } = await refundOf(payment)

    await service.followDecisions([made(id)])

    expect((await issueOf(id)).resolution).toMatchObject({ amount: { amount: 3_500 } })
  })

  it('twice for one payment in the same moment is carried out once, and the other goes to a person', async () => {
    const payment = await newPayment()
    const [first, second] = [await refundOf(payment), await refundOf(payment)]

    await service.followDecisions([made(first.id), made(second.id)])

    expect((await issueOf(first.id)).status).toBe('RESOLVED')
    expect(await issueOf(second.id)).toMatchObject({ status: 'AWAITING_REVIEW', resolution: null })
    expect((await issueOf(second.id)).statusHistory.at(-1)?.reason).toMatch(/exceeds the payment$/)
    expect((await paymentOf(payment)).approvals.sum).toBe(5_000)
  })

  it('by fifty people at once never exceeds the payment', async () => {
    const payment = await newPayment()
    const issues = await Promise.all(Array.from({ length: 50 }, () => refundOf(payment, 300)))
    await service.followDecisions(issues.map(({ id }) => made(id, { routing: 'HUMAN_REVIEW' })))

    const outcomes = await Promise.allSettled(issues.map(({ id }) => review(id)))

    // 16 × 3.00 are 48.00, and the seventeenth would make it 51.00.
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(16)
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['REFUND_EXCEEDS_PAYMENT']))
    expect(await paymentOf(payment)).toMatchObject({ approvals: { sum: 4_800 }, version: 17 })
  })

  it('is a fact of the next case about the payment', async () => {
    const payment = await newPayment({ refunded: { amount: 500, currency: 'USD' } })
    const { id } = await refundOf(payment, 2_000)
    await service.followDecisions([made(id)])

    const next = await refundOf(payment)

    const [event] = await service.eventsOf(next.id)
    expect(caseIn(event).transaction).toMatchObject({ refunded: 2_500 })
  })

  it('is shown with the issue and the payment', async () => {
    const payment = await newPayment()
    const { id } = await refundOf(payment, 2_000)
    await service.followDecisions([made(id)])

    const query = `query ($id: ID!) { issue(id: $id) { resolution { amount { amount currency } }
      transaction { approvedRefunds { amount } refunded { amount } } } }`
    const { data, errors } = await ask(url, { query, variables: { id }, token: operator })

    expect(errors).toEqual([])
    expect(data.issue).toEqual({
      resolution: { amount: { amount: 2_000, currency: 'USD' } },
      transaction: { approvedRefunds: { amount: 2_000 }, refunded: { amount: 0 } },
    })
  })
})

describe('an issue that contradicts the record of its payment', () => {
  it('is decided on the record, and says where they differ', async () => {
    const payment = await newPayment()
    const { id } = await openIssue(service, {
      transactionId: payment,
      details: { type: 'DISPUTE', reason: 'PRODUCT_ISSUE', daysSincePurchase: 1 },
    })

    const [event] = await service.eventsOf(id)
    const query = `query ($id: ID!) { issue(id: $id) { details { ... on DisputeDetails { daysSincePurchase } }
      claimDifferences { field claimed recorded } } }`
    const { data } = await ask(url, { query, variables: { id }, token: operator })

    const differences = [{ field: 'daysSincePurchase', claimed: 1, recorded: 9 }]
    expect(caseIn(event)).toMatchObject({ details: { daysSincePurchase: 9 }, differences })
    expect(readEvent(['issue.created'], event!)).not.toBeInstanceOf(Error)
    expect(data.issue).toEqual({ details: { daysSincePurchase: 1 }, claimDifferences: differences })
  })

  it('is decided on the record again when it is retried', async () => {
    const payment = await newPayment()
    const { id } = await openIssue(service, {
      transactionId: payment,
      details: { type: 'DISPUTE', reason: 'PRODUCT_ISSUE', daysSincePurchase: 1 },
    })
    await service.followDecisions([failed(id)])

    await service.retryIssue({ issueId: id, cause: REVIEWER })

    expect(caseIn((await service.eventsOf(id)).at(-1)).details).toMatchObject({ daysSincePurchase: 9 })
  })

  it('in a way that cannot be is refused, and its row names the place', async () => {
    const payment = await newPayment()
    const query = `mutation ($inputs: [CreateIssueInput!]!) { createIssues(inputs: $inputs) {
      created results { error { code path } } } }`
    const details = { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 9, partialAmount: { amount: 5_001 } } }
    const input = { idempotencyKey: 'too-much', customerId: 'cust_1', transactionId: payment, details }

    const { data } = await ask(url, { query, variables: { inputs: [input] }, token: operator })
    const [single] = await service.createIssues([
      {
        cause: ADA,
        input: refundInput({
          transactionId: payment,
          details: {
            type: 'MISSED_INSTALLMENT',
            installmentNumber: 1,
            totalInstallments: 4,
            amountDue: { amount: 1_250, currency: 'USD' },
            daysOverdue: 1,
          },
        }),
      },
    ])

    expect(data.createIssues).toEqual({
      created: 0,
      results: [
        {
          error: {
            code: 'DETAILS_MISMATCH',
            path: ['inputs', '0', 'details', 'refundRequest', 'partialAmount', 'amount'],
          },
        },
      ],
    })
    expect(single).toMatchObject({ code: 'DETAILS_MISMATCH' })
  })
})

it('refunds from before approvals were counted are held against their payment after the next start', async () => {
  const payment = await newPayment()
  const [part, whole] = [await refundOf(payment, 2_000), await refundOf(payment)]
  const { issues, transactions } = service.collections
  const former = { action: 'APPROVE_REFUND' as const, by: 'redress:decisions', note: null, at: new Date() }
  await issues.updateMany({ _id: { $in: [part.id, whole.id] } }, { $set: { status: 'RESOLVED', resolution: former } })
  await transactions.updateOne({ _id: payment }, { $unset: { approvals: 1 } })

  for (let start = 0; start < 2; start++) {
    await forgetMigrations(db, ['count-former-refunds'])
    await openService({ mongo, db })
  }

  expect(await paymentOf(payment)).toMatchObject({ approvals: { sum: 7_000, upTo: 5_000 }, version: 2 })
  expect((await issueOf(part.id)).resolution).toMatchObject({ amount: { amount: 2_000, currency: 'USD' } })
  expect((await service.eventsOf(payment)).at(-1)).toMatchObject({
    actor: 'redress:issues',
    changes: { approved: { before: 0, after: 5_000 } },
  })
})
