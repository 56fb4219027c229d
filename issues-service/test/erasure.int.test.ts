import { newEvent } from '@redress/shared/events/catalogue.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { dyingCollections } from '@redress/shared/testing/dying-collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { Db } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { createEraseCustomer } from '../src/privacy/erase-customer.ts'
import { createEraseTexts } from '../src/privacy/erase-texts.ts'
import { followingErasures } from '../src/privacy/erasure-events.ts'
import { createErasuresTransactions, createMongoErasures } from '../src/privacy/mongo-erasures.ts'
import { ADA, made, NOW, openIssue, openService, REVIEWER, refundInput, serveService, started } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const { collections } = service
const outbox = createOutbox(db, () => {})
const url = await serveService(service)
const [admin, operator, reviewer] = await Promise.all(
  (['admin', 'operator', 'reviewer'] as const).map((role) => tokenOf(withRole(role))),
)

const ERASE = `mutation ($customerId: ID!, $reason: String!) { eraseCustomer(customerId: $customerId, reason: $reason) {
  erasure { status reason requestedBy requestedAt issues completedAt subgraphs { name confirmedAt } customer { id erasedAt } } } }`
const erase = (customerId: string, reason = 'asked by letter', token = admin!) =>
  ask(url, { query: ERASE, variables: { customerId, reason }, token })

const SETTLED = new Date(NOW.getTime() + 10 * MINUTE_MS)
const eraseTexts = createEraseTexts({ store: service.erasures, now: () => SETTLED, onCommit: () => {} })

/** Applies confirmations as the consumer does. */
const following = followingErasures(
  { streams: [], group: 'issues', apply: async () => {}, record: async () => {}, list: async () => {} },
  createErasuresTransactions({ collections, outbox }),
)
async function confirm(customerId: string, subgraph: 'decisions' | 'audit', part = 1) {
  const event = newEvent('customer.erasure_confirmed', {
    ...{ id: `${customerId}-${subgraph}-${part}`, at: SETTLED, cause: ADA },
    ...{ entity: { type: 'Customer', id: customerId }, data: { subgraph, part } },
  })
  await inTransaction(mongo, (session) => following.apply([event], session, { isRepeat: false }))
}

let customers = 0
/** A customer of whom everything that can be personal is a text with `who` in it, with a resolved issue. */
async function plant(who = `petra${++customers}`) {
  const visa = { brand: `Visa ${who}`, last4: '4242', expiresAt: null, isBlocked: false, token: `tok_${who}` }
  const input = { externalId: `${who}@crm`, email: `${who}@example.org`, name: `Petra ${who}`, riskScore: 77 }
  const [created] = await service.createCustomers([
    { input: { ...input, knownSince: null, paymentMethods: [visa] }, cause: ADA },
  ])
  const { id } = (created as Exclude<typeof created, Error | undefined>).entity
  const issue = await openIssue(service, { customerId: id, transactionId: null, customerMessage: `I am ${who}` })
  await service.followDecisions([started(issue.id), made(issue.id, { routing: 'HUMAN_REVIEW' })])
  const review = { action: 'DENY_REFUND', note: `called ${who}`, seenVersion: null, mayOverrule: false } as const
  const note = { text: `met ${who}`, attachments: [{ url: `https://files.example.org/${who}`, title: who }] }
  const noted = { issueId: issue.id, ...note, idempotencyKey: 'k1', cause: REVIEWER }
  const { id: noteId } = await service.addNote(noted)
  const resolve = () => service.reviewIssue({ issueId: issue.id, ...review, cause: REVIEWER })
  return { id, who, issueId: issue.id, noteId, noted, resolve }
}
async function plantResolved() {
  const planted = await plant()
  await planted.resolve()
  // As the relay does when it has published them; the log of events forgets them after a day.
  await collections.outbox.deleteMany({ at: { $gte: new Date(0) } })
  return planted
}

async function everything(database: Db): Promise<string> {
  const texts: string[] = []
  for (const { name } of await database.listCollections().toArray()) {
    for await (const document of database.collection(name).find()) texts.push(JSON.stringify(document))
  }
  return texts.join('\n')
}

describe('a customer who is erased', () => {
  it('has no personal data from then on, and says so in place of each field', async () => {
    const { id, who } = await plantResolved()

    const { data, errors } = await erase(id, `asked by ${who}@example.org`)
    const query = `query ($id: ID) { customer(id: $id) { externalId riskScore erasedAt email name paymentMethods { id }
      issues { totalCount } erasure { status } } customers(filter: { email: "${who}@example.org" }) { totalCount } }`
    const read = await ask(url, { query, variables: { id }, token: admin! })

    expect(errors).toEqual([])
    expect(data.eraseCustomer.erasure).toEqual({
      ...{ status: 'IN_PROGRESS', reason: 'asked by [email]', requestedBy: 'a-admin', issues: 0, completedAt: null },
      requestedAt: expect.any(String),
      subgraphs: ['issues', 'decisions', 'audit'].map((name) => ({ name, confirmedAt: null })),
      customer: { id, erasedAt: data.eraseCustomer.erasure.requestedAt },
    })
    expect(read.data.customer).toEqual({
      ...{ externalId: null, riskScore: 50, erasedAt: data.eraseCustomer.erasure.requestedAt, email: null, name: null },
      ...{ paymentMethods: null, issues: { totalCount: 1 }, erasure: { status: 'IN_PROGRESS' } },
    })
    expect(read.errors.map(({ path, extensions }) => [path?.at(-1), extensions.code]).sort()).toEqual([
      ['email', 'CUSTOMER_ERASED'],
      ['name', 'CUSTOMER_ERASED'],
      ['paymentMethods', 'CUSTOMER_ERASED'],
    ])
    expect(read.data.customers.totalCount).toBe(0)
    expect(await collections.dataKeys.findOne({ _id: id })).toBeNull()
  })

  it('leaves nothing personal in any collection once the texts are erased too, and all ids and times', async () => {
    const { id, who, issueId, noteId, noted } = await plantResolved()
    const found = await collections.issues.findOne({ _id: issueId })
    // As the archive has them. The id of the other one comes first.
    const archived = { ...found!, _id: `iss_00${id}`, claim: { ...found!.claim, key: id } }
    await collections.archivedIssues.insertOne(archived)
    await erase(id)

    await eraseTexts()

    expect(await everything(db)).not.toContain(who)
    const issue = await collections.issues.findOne({ _id: issueId })
    expect(issue).toMatchObject({ customerId: id, customerMessage: null, status: 'RESOLVED' })
    expect(issue?.resolution).toMatchObject({ action: 'DENY_REFUND', by: 'rhea', note: null })
    expect(await collections.notes.findOne({ _id: noteId })).toMatchObject({ text: null, attachments: [], by: 'rhea' })
    await expect(service.addNote({ ...noted, idempotencyKey: 'k2' })).rejects.toMatchObject({ code: 'CUSTOMER_ERASED' })
    const [requested, erased] = await service.eventsOf(id)
    expect(requested).toMatchObject({ type: 'customer.erasure_requested', actor: 'a-admin', data: {} })
    expect(erased).toMatchObject({ type: 'customer.erased', data: { part: 1, issueIds: [archived._id, issueId] } })
  })

  it('is erased once, however often and at the same moment it is asked for', async () => {
    const { id } = await plantResolved()

    const answers = await Promise.all([erase(id), erase(id), erase(id)])
    const again = await erase(id, 'another reason')

    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    expect(again.data.eraseCustomer.erasure.reason).toBe('asked by letter')
    expect(await service.eventsOf(id)).toHaveLength(1)
  })

  it('can have no more issues and payments, and cannot be changed', async () => {
    const { id } = await plantResolved()
    await erase(id)

    const [refused] = await service.createIssues([
      { input: refundInput({ customerId: id, transactionId: null }), cause: ADA },
    ])

    const payment = { externalId: 'after-erasure', customerId: id, merchant: 'Shop', status: 'CAPTURED' as const }
    const amount = { amount: 100, currency: 'USD' }
    const rest = { refunded: null, installmentPlan: null, shipping: null, paidAt: null }
    const [refusedPayment] = await service.createTransactions([{ input: { ...payment, ...rest, amount }, cause: ADA }])

    expect([refused, refusedPayment]).toMatchObject([{ code: 'CUSTOMER_ERASED' }, { code: 'CUSTOMER_ERASED' }])
    const change = service.updateCustomer({ customerId: id, input: { riskScore: 3 }, seenVersion: null, cause: ADA })
    await expect(change).rejects.toMatchObject({ code: 'CUSTOMER_ERASED' })
  })

  it('is erased completely once all subgraphs have confirmed', async () => {
    const { id } = await plantResolved()
    await erase(id)
    await eraseTexts()

    await confirm(id, 'decisions')
    await confirm(id, 'decisions')
    const before = (await erase(id)).data.eraseCustomer.erasure
    await confirm(id, 'audit')
    const { status, issues, subgraphs } = (await erase(id)).data.eraseCustomer.erasure

    expect(before.status).toBe('IN_PROGRESS')
    const confirmedAt = SETTLED.toISOString()
    expect([status, issues]).toEqual(['COMPLETED', 1])
    expect(subgraphs).toEqual(['issues', 'decisions', 'audit'].map((name) => ({ name, confirmedAt })))
  })
})

describe('the erasure of a customer', () => {
  it('is refused while an issue is not resolved, or a payment disputed', async () => {
    const { id } = await plant()
    const [payment] = await service.createTransactions([
      {
        input: {
          ...{ externalId: `pay-${id}`, customerId: id, merchant: 'Shop', amount: { amount: 500, currency: 'USD' } },
          ...{ status: 'DISPUTED', refunded: null, installmentPlan: null, shipping: null, paidAt: null },
        },
        cause: ADA,
      },
    ])

    const { errors } = await erase(id)

    expect(payment).not.toBeInstanceOf(Error)
    expect(errors).toMatchObject([
      { extensions: { code: 'CUSTOMER_NOT_ERASABLE', openIssues: 1, disputedPayments: 1 } },
    ])
    expect((await collections.customers.findOne({ _id: id }))?.emailSealed).toBeDefined()
  })

  it('is for admins, and of customers who are there', async () => {
    const { id } = await plantResolved()

    for (const token of [operator!, reviewer!]) {
      expect((await erase(id, 'why', token)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    }
    expect((await erase('cust_nobody')).errors).toMatchObject([{ extensions: { code: 'CUSTOMER_NOT_FOUND' } }])
  })

  it('waits with the texts for transactions that began before it, and for issues that they have created', async () => {
    const { id, issueId, resolve } = await plant()
    await collections.issues.updateOne({ _id: issueId }, { $set: { status: 'RESOLVED' } })
    await erase(id)
    // The issue of a transaction that began before the request.
    await collections.issues.updateOne({ _id: issueId }, { $set: { status: 'AWAITING_REVIEW' } })
    const messageOf = async () => (await collections.issues.findOne({ _id: issueId }))?.customerMessage

    await service.eraseTexts()
    await eraseTexts()
    expect(await messageOf()).toMatch(/petra/)
    await resolve()
    await service.eraseTexts()
    expect(await messageOf()).toMatch(/petra/)
    await eraseTexts()

    expect(await messageOf()).toBeNull()
  })

  it('loses and doubles nothing where it is interrupted before any of its writes', async () => {
    const { id, who } = await plantResolved()
    const failing = { ...outbox, add: () => Promise.reject(new Error('crash')) }
    const partsWith = (step: number) => {
      const dying = dyingCollections(collections, step)
      // The event is the last write of each transaction.
      return { store: createMongoErasures({ mongo, collections: dying, outbox: step === 0 ? failing : outbox }) }
    }
    const request = (step: number) =>
      createEraseCustomer({ ...partsWith(step), now: () => NOW, onCommit: () => {} })({
        ...{ customerId: id, reason: 'why', cause: ADA },
      })
    const sweep = (step: number) => createEraseTexts({ ...partsWith(step), now: () => SETTLED, onCommit: () => {} })()
    /** Either everything personal is there, or nothing of it. */
    const expectWhole = async () => {
      const [customer, key] = [
        await collections.customers.findOne({ _id: id }),
        await collections.dataKeys.findOne({ _id: id }),
      ]
      const isThere = !customer?.erasedAt
      expect([customer?.emailSealed !== undefined, key !== null]).toEqual([isThere, isThere])
    }

    for (const [run, writes] of [
      [request, 3],
      [sweep, 6],
    ] as const) {
      for (let step = 0; step <= writes; step++) {
        await expect(run(step)).rejects.toThrow('crash')
        await expectWhole()
      }
      await run(writes + 1)
    }

    expect(await everything(db)).not.toContain(who)
    expect((await service.eventsOf(id)).map(({ type }) => type)).toEqual([
      'customer.erasure_requested',
      'customer.erased',
    ])
    expect((await erase(id)).data.eraseCustomer.erasure).toMatchObject({ issues: 1, reason: 'why' })
  })
})
