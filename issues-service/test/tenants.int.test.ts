import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { made, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const url = await serveService(service)
/** The same admin id in both: only the tenant tells them apart. */
const [ours, theirs] = await Promise.all(['default', 'acme'].map((tenant) => tokenOf({ ...withRole('admin'), tenant })))

type Token = string | undefined
const run = (token: Token, query: string, variables: object = {}) => ask(url, { query, variables, token: token! })

const CREATE_CUSTOMER = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { isNew customer { id } } }`
const CREATE_PAYMENT = `mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) { isNew transaction { id } } }`
const CREATE_ISSUE = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }`

/** A customer, a payment and an issue by the same external ids and idempotency key, whatever the tenant. */
async function open(token: Token) {
  const customer = { externalId: 'crm-1', email: 'ada@example.org', name: 'Ada' }
  const { data: first } = await run(token, CREATE_CUSTOMER, { input: customer })
  const customerId: string = first.createCustomer.customer.id
  const amount = { amount: 5_000, currency: 'USD' }
  const payment = { externalId: 'pay-1', customerId, merchant: 'Shop', amount, status: 'CAPTURED' }
  const { data: second } = await run(token, CREATE_PAYMENT, { input: payment })
  const transactionId: string = second.createTransaction.transaction.id
  const details = { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } }
  const issue = { idempotencyKey: 'key-1', externalId: 'ticket-1', customerId, transactionId, details }
  const { data: third } = await run(token, CREATE_ISSUE, { input: issue })
  const isNew = [first.createCustomer.isNew, second.createTransaction.isNew]
  return { customerId, transactionId, issueId: third.createIssue.issue.id as string, isNew }
}

let [mine, other]: Awaited<ReturnType<typeof open>>[] = []
beforeAll(async () => {
  ;[mine, other] = [await open(ours), await open(theirs)]
  await service.followDecisions([made(mine!.issueId, { routing: 'HUMAN_REVIEW' })])
})

const LISTS = `{
  issues { nodes { id } totalCount } reviewQueue { nodes { id } totalCount }
  customers(filter: { email: "ADA@example.org" }) { nodes { id } totalCount }
  all: customers { nodes { id issues { nodes { id } } transactions { nodes { id issues { nodes { id } } } } } }
  transactions { nodes { id } totalCount }
}`

describe('the data of a tenant', () => {
  it('has external ids, idempotency keys and addresses of its own', () => {
    expect([mine!.isNew, other!.isNew].flat()).toEqual([true, true, true, true])
    expect(new Set([mine!, other!].flatMap(({ isNew: _, ...ids }) => Object.values(ids))).size).toBe(6)
  })

  it('is all that its lists have', async () => {
    const { data } = await run(theirs, LISTS)

    const { customerId, transactionId, issueId } = other!
    const issues = { nodes: [{ id: issueId }] }
    expect(data).toEqual({
      issues: { ...issues, totalCount: 1 },
      reviewQueue: { nodes: [], totalCount: 0 },
      customers: { nodes: [{ id: customerId }], totalCount: 1 },
      all: { nodes: [{ id: customerId, issues, transactions: { nodes: [{ id: transactionId, issues }] } }] },
      transactions: { nodes: [{ id: transactionId }], totalCount: 1 },
    })
  })

  it('is found by its external ids in its tenant only', async () => {
    const query = `{ issue(externalId: "ticket-1") { id } customer(externalId: "crm-1") { id } transaction(externalId: "pay-1") { id } }`

    const found = await Promise.all([ours, theirs].map((token) => run(token, query)))

    expect(found.map(({ data }) => data)).toEqual(
      [mine!, other!].map(({ issueId, customerId, transactionId }) => ({
        ...{ issue: { id: issueId }, customer: { id: customerId }, transaction: { id: transactionId } },
      })),
    )
  })

  it('does not exist for another tenant: by id, as an entity, by a filter, or behind a cursor', async () => {
    const { customerId, transactionId, issueId } = mine!
    const { data: page } = await run(ours, '{ issues(first: 1) { pageInfo { endCursor } } }')
    const representations = [
      { __typename: 'Issue', id: issueId },
      { __typename: 'Customer', id: customerId },
      { __typename: 'Transaction', id: transactionId },
    ]
    const query = `query ($issueId: ID!, $customerId: ID!, $transactionId: ID!, $all: [_Any!]!, $cursor: String) {
      issue(id: $issueId) { id } customer(id: $customerId) { id } transaction(id: $transactionId) { id }
      entities: _entities(representations: $all) { __typename }
      ofCustomer: issues(filter: { customerId: $customerId }) { nodes { id } totalCount }
      paid: transactions(filter: { customerId: $customerId }) { nodes { id } }
      before: issues(last: 5, before: $cursor) { nodes { id } }
    }`

    const { data, errors } = await run(theirs, query, {
      ...mine,
      all: representations,
      cursor: page.issues.pageInfo.endCursor,
    })

    expect(errors).toMatchObject([{ path: ['entities', 0], extensions: { code: 'ISSUE_NOT_FOUND' } }])
    expect(data).toMatchObject({
      ...{ issue: null, customer: null, transaction: null, entities: [null, null, null] },
      ...{ ofCustomer: { nodes: [], totalCount: 0 }, paid: { nodes: [] } },
    })
    expect(JSON.stringify(data.before)).not.toContain(issueId)
  })

  it('is changed by nobody of another tenant', async () => {
    const { customerId, transactionId, issueId } = mine!
    const input = {
      idempotencyKey: 'k2',
      customerId,
      details: { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } },
    }
    const commands: readonly (readonly [string, object, string])[] = [
      [CREATE_ISSUE, { input }, 'CUSTOMER_NOT_FOUND'],
      [CREATE_ISSUE, { input: { ...input, customerId: other!.customerId, transactionId } }, 'TRANSACTION_NOT_FOUND'],
      ['mutation ($id: ID!) { retryIssue(id: $id) { issue { id } } }', { id: issueId }, 'ISSUE_NOT_FOUND'],
      ['mutation ($id: ID!) { claimIssue(id: $id) { issue { id } } }', { id: issueId }, 'ISSUE_NOT_FOUND'],
      ['mutation ($id: ID!) { releaseIssue(id: $id) { issue { id } } }', { id: issueId }, 'ISSUE_NOT_FOUND'],
      [
        'mutation ($id: ID!) { reviewIssue(input: { issueId: $id, action: ESCALATE }) { issue { id } } }',
        { id: issueId },
        'ISSUE_NOT_FOUND',
      ],
      [
        'mutation ($id: ID!) { updateCustomer(input: { id: $id, riskScore: 99 }) { customer { id } } }',
        { id: customerId },
        'CUSTOMER_NOT_FOUND',
      ],
      [
        'mutation ($id: ID!) { updateTransactionStatus(input: { id: $id, status: DISPUTED }) { transaction { id } } }',
        { id: transactionId },
        'TRANSACTION_NOT_FOUND',
      ],
    ]

    const answers = await Promise.all(commands.map(([query, variables]) => run(theirs, query, variables)))

    expect(answers.map(({ errors }) => errors[0]?.extensions.code)).toEqual(commands.map(([, , code]) => code))
    expect(await service.collections.issues.findOne({ _id: issueId })).toMatchObject({ status: 'AWAITING_REVIEW' })
  })

  it('names its tenant in every event', async () => {
    const events = await Promise.all([mine!, other!].map(({ issueId }) => service.eventsOf(issueId)))

    expect(events.map((ofIssue) => [...new Set(ofIssue.map(({ tenant }) => tenant))])).toEqual([['default'], ['acme']])
  })

  it('is not moved by a decision of another tenant', async () => {
    await service.followDecisions([made(other!.issueId)])

    expect(await service.collections.issues.findOne({ _id: other!.issueId })).toMatchObject({ status: 'PENDING' })
  })
})

describe('data that is older than tenants', () => {
  it('belongs to the default tenant', async () => {
    const { issueId, customerId, transactionId } = mine!
    const { issues, customers, transactions } = service.collections
    await Promise.all([
      issues.updateOne({ _id: issueId }, { $unset: { tenant: 1 } }),
      customers.updateOne({ _id: customerId }, { $unset: { tenant: 1 } }),
      transactions.updateOne({ _id: transactionId }, { $unset: { tenant: 1 } }),
    ])
    await db.collection('migrations').deleteMany({})

    await openService({ mongo, db })

    const query = `query ($issueId: ID!) { issue(id: $issueId) { customer { id } transaction { id } } }`
    const found = await Promise.all([ours, theirs].map((token) => run(token, query, mine)))
    expect(found.map(({ data }) => data.issue)).toEqual([
      { customer: { id: customerId }, transaction: { id: transactionId } },
      null,
    ])
    expect(await issues.findOne({ _id: other!.issueId })).toMatchObject({ tenant: 'acme' })
  })
})
