import type { TransactionStatus } from '@redress/shared/contracts.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { NOW, openIssue, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const url = await serveService(service)
const [operator, readOnly, customer] = await Promise.all([
  tokenOf(withRole('operator')),
  tokenOf(withRole('read_only')),
  tokenOf(withRole('customer', 'cust_2')),
])

let keys = 0
const inputOf = (change: object = {}) => ({
  externalId: `order-${++keys}`,
  customerId: 'cust_1',
  merchant: 'Northwind Books',
  amount: { amount: 5_000, currency: 'eur' },
  status: 'CAPTURED',
  ...change,
})
const FIELDS = `id externalId merchant status version createdAt updatedAt amount { amount currency }
  refunded { amount currency } shipping { status deliveredAt } installmentPlan { totalInstallments } customer { id }`
const CREATE = `mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) { isNew transaction { ${FIELDS} } } }`
const create = (input: object, token = operator) => ask(url, { query: CREATE, variables: { input }, token })
const newPayment = async (change: object = {}) => (await create(inputOf(change))).data.createTransaction.transaction
const UPDATE = `mutation ($input: UpdateTransactionStatusInput!) { updateTransactionStatus(input: $input) { transaction { ${FIELDS} } } }`
const update = (input: object) => ask(url, { query: UPDATE, variables: { input }, token: operator })

describe('a new payment', () => {
  it('is found by either id, as it was given', async () => {
    const input = inputOf({
      paidAt: '2030-06-01T08:00:00Z',
      installmentPlan: { totalInstallments: 4, installmentAmount: { amount: 1_250, currency: 'EUR' } },
      shipping: { status: 'DELIVERED', deliveredAt: '2030-06-03T00:00:00Z' },
      refunded: { amount: 700, currency: 'EUR' },
    })

    const { data, errors } = await create(input)
    const query = `query ($externalId: String) { transaction(externalId: $externalId) { ${FIELDS} } }`
    const found = await ask(url, { query, variables: { externalId: input.externalId }, token: readOnly })

    expect([errors, data.createTransaction.isNew]).toEqual([[], true])
    expect(found.data.transaction).toEqual({
      id: expect.stringMatching(/^txn_[0-9A-HJKMNP-TV-Z]{26}$/),
      externalId: input.externalId,
      merchant: 'Northwind Books',
      status: 'CAPTURED',
      version: 1,
      createdAt: '2030-06-01T08:00:00.000Z',
      updatedAt: NOW.toISOString(),
      amount: { amount: 5_000, currency: 'EUR' },
      refunded: { amount: 700, currency: 'EUR' },
      shipping: { status: 'DELIVERED', deliveredAt: '2030-06-03T00:00:00.000Z' },
      installmentPlan: { totalInstallments: 4 },
      customer: { id: 'cust_1' },
    })
  })

  it('is created once, however often and at the same moment the same input comes', async () => {
    const input = inputOf()

    const answers = await Promise.all([create(input), create(input), create(input)])

    const results = answers.map(({ data }) => data.createTransaction)
    expect(new Set(results.map(({ transaction }) => transaction.id)).size).toBe(1)
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(await service.eventsOf(results[0].transaction.id)).toMatchObject([
      { type: 'transaction.created', data: { customerId: 'cust_1' }, changes: { status: { after: 'CAPTURED' } } },
    ])
  })

  it('is refused for an external id that was used with another input, or for an unknown customer', async () => {
    const input = inputOf()
    await create(input)

    const taken = await create({ ...input, amount: { amount: 5_001, currency: 'EUR' } })
    const unknown = await create(inputOf({ customerId: 'cust_none' }))

    expect(taken.errors).toMatchObject([{ extensions: { code: 'EXTERNAL_ID_TAKEN' } }])
    expect(unknown.errors).toMatchObject([{ extensions: { code: 'CUSTOMER_NOT_FOUND' } }])
  })

  it('is refused with every problem at once', async () => {
    const { errors } = await create(
      inputOf({
        externalId: '378282246310005',
        merchant: 'Card 4242 4242 4242 4242',
        refunded: { amount: 5_001, currency: 'USD' },
        installmentPlan: { totalInstallments: 4, installmentAmount: { amount: 1_250, currency: 'USD' } },
        shipping: { status: 'IN_TRANSIT', deliveredAt: '2030-06-03T00:00:00Z' },
        paidAt: '2031-01-01T00:00:00Z',
      }),
    )

    const problems = (errors[0]!.extensions as unknown as { problems: { path: string[]; message: string }[] }).problems
    expect(problems.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['input.externalId', 'must not have a card number'],
      ['input.merchant', 'must not have a card number'],
      ['input.refunded.currency', 'must be EUR, as the payment'],
      ['input.refunded.amount', 'must not exceed the amount of the payment'],
      ['input.installmentPlan.installmentAmount.currency', 'must be EUR, as the payment'],
      ['input.shipping.deliveredAt', 'is only for a shipment that is DELIVERED'],
      ['input.paidAt', 'must not be in the future'],
    ])
  })

  it('may have a number of an order as its external id, though every tenth one has the checksum of a card', async () => {
    const { errors } = await create(inputOf({ externalId: '5678901234565' }))

    expect(errors).toEqual([])
  })

  it('is the same input with its defaults given, and with a moment in another zone', async () => {
    const input = inputOf({ paidAt: '2030-06-01T08:00:00Z' })
    await create(input)

    const none = { amount: 0, currency: 'eur' }
    const { data } = await create({ ...input, refunded: none, shipping: null, paidAt: '2030-06-01T10:00:00+02:00' })

    expect(data.createTransaction.isNew).toBe(false)
  })

  it('is refused with money paid back of it that was never charged', async () => {
    const refunded = { amount: 1, currency: 'EUR' }
    const { id } = await newPayment({ status: 'AUTHORIZED' })

    const refusals = [
      await create(inputOf({ status: 'DECLINED', refunded })),
      await update({ id, status: 'AUTHORIZED', refunded }),
    ]

    expect(refusals.map(({ errors }) => errors[0]?.message)).toEqual([
      'input.refunded.amount must be 0 for a payment that is DECLINED.',
      'input.refunded.amount must be 0 for a payment that is AUTHORIZED.',
    ])
  })

  it('that is REFUNDED was paid back in full', async () => {
    expect((await newPayment({ status: 'REFUNDED' })).refunded).toEqual({ amount: 5_000, currency: 'EUR' })
  })
})

describe('the state of a payment', () => {
  const STATES = ['AUTHORIZED', 'CAPTURED', 'DECLINED', 'REFUNDED', 'DISPUTED'] as const
  const MOVES: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
    AUTHORIZED: ['CAPTURED', 'DECLINED'],
    DECLINED: ['AUTHORIZED', 'CAPTURED'],
    CAPTURED: ['REFUNDED', 'DISPUTED'],
    DISPUTED: ['CAPTURED', 'REFUNDED'],
    REFUNDED: ['DISPUTED'],
  }

  it.for(STATES)('moves from %s only where the schema says', async (from) => {
    for (const to of STATES.filter((state) => state !== from)) {
      const { id } = await newPayment({ status: from })

      const { data, errors } = await update({ id, status: to })

      if (MOVES[from].includes(to)) expect(data.updateTransactionStatus.transaction.status).toBe(to)
      else expect(errors).toMatchObject([{ extensions: { code: 'INVALID_TRANSITION', from, to } }])
    }
  })

  it('carries refunds and the shipment, and leaves an event with all changes', async () => {
    const { id } = await newPayment({ shipping: { status: 'IN_TRANSIT' } })
    const delivered = { status: 'DELIVERED', deliveredAt: '2030-06-10T00:00:00Z' }

    await update({ id, status: 'CAPTURED', shipping: delivered, refunded: { amount: 900, currency: 'EUR' } })
    const { data } = await update({ id, status: 'REFUNDED' })

    expect(data.updateTransactionStatus.transaction).toMatchObject({
      status: 'REFUNDED',
      refunded: { amount: 5_000 },
      shipping: { status: 'DELIVERED' },
      version: 3,
    })
    expect((await service.eventsOf(id)).slice(1)).toMatchObject([
      {
        type: 'transaction.updated',
        data: { customerId: 'cust_1', fields: ['refunded', 'shipping'] },
        changes: {
          refunded: { before: 0, after: 900 },
          shipping: { before: 'IN_TRANSIT', after: 'DELIVERED 2030-06-10T00:00:00.000Z' },
        },
      },
      { changes: { status: { before: 'CAPTURED', after: 'REFUNDED' }, refunded: { before: 900, after: 5_000 } } },
    ])
  })

  it('may be corrected down to nothing that was paid back', async () => {
    const { id } = await newPayment({ refunded: { amount: 900, currency: 'EUR' } })

    const { data, errors } = await update({ id, status: 'CAPTURED', refunded: { amount: 0, currency: 'EUR' } })

    expect([data.updateTransactionStatus?.transaction.refunded, errors]).toEqual([{ amount: 0, currency: 'EUR' }, []])
  })

  it('that is the present one already changes nothing', async () => {
    const { id } = await newPayment()
    await update({ id, status: 'DISPUTED', version: 1 })

    const { data, errors } = await update({ id, status: 'DISPUTED', version: 1 })

    expect([data.updateTransactionStatus.transaction.version, errors]).toEqual([2, []])
    expect(await service.eventsOf(id)).toHaveLength(2)
  })

  it('is refused with a stale version, with more refunds than were paid, or in another currency', async () => {
    const { id } = await newPayment()
    await update({ id, status: 'DISPUTED' })

    const refusals = await Promise.all([
      update({ id, status: 'CAPTURED', version: 1 }),
      update({ id, status: 'DISPUTED', refunded: { amount: 5_001, currency: 'EUR' } }),
      update({ id, status: 'DISPUTED', refunded: { amount: 1, currency: 'USD' } }),
      update({ id: 'txn_none', status: 'DISPUTED' }),
    ])

    const codes = refusals.map(({ errors }) => errors[0]?.extensions.code)
    expect(codes).toEqual(['CONFLICT', 'REFUND_EXCEEDS_PAYMENT', 'BAD_USER_INPUT', 'TRANSACTION_NOT_FOUND'])
  })
})

describe('a list of payments', () => {
  const LIST = `query ($filter: TransactionFilter, $order: TransactionOrder! = NEWEST_FIRST, $first: Int, $after: String) {
    transactions(filter: $filter, order: $order, first: $first, after: $after) {
      nodes { id } totalCount pageInfo { endCursor } } }`
  const listBy = (variables: object, token = readOnly) => ask(url, { query: LIST, variables, token })
  const idsOf = ({ data }: Awaited<ReturnType<typeof listBy>>) =>
    data.transactions.nodes.map(({ id }: { id: string }) => id)

  it('is narrowed by every filter, which all must hold', async () => {
    const wanted = await newPayment({ merchant: 'Only here', paidAt: '2029-01-01T00:00:00Z', status: 'DECLINED' })
    const filter = {
      customerId: 'cust_1',
      merchant: 'Only here',
      status: ['DECLINED', 'DISPUTED'],
      amount: { currency: 'EUR', min: 5_000, max: 5_000 },
      from: '2029-01-01T00:00:00Z',
      to: '2029-01-01T00:00:01Z',
    }

    expect(idsOf(await listBy({ filter }))).toEqual([wanted.id])
    for (const other of [
      { customerId: 'cust_2' },
      { merchant: 'Only' },
      { status: [] },
      { amount: { currency: 'USD' } },
      { amount: { currency: 'EUR', min: 5_001 } },
      { amount: { currency: 'EUR', max: 4_999 } },
      { from: '2029-01-01T00:00:01Z' },
      { to: '2029-01-01T00:00:00Z' },
    ]) {
      expect(idsOf(await listBy({ filter: { ...filter, ...other } }))).toEqual([])
    }
  })

  it('by amount has the highest first, page by page, within one currency', async () => {
    const amounts = [300, 900, 900, 100]
    const payments = await Promise.all(amounts.map((amount) => newPayment({ amount: { amount, currency: 'SEK' } })))
    const listing = { filter: { amount: { currency: 'SEK' } }, order: 'HIGHEST_AMOUNT_FIRST' }

    const seen: string[] = []
    let after: string | null = null
    for (let page = 0; page < 4; page++) {
      const answer = await listBy({ ...listing, first: 1, after })
      seen.push(...idsOf(answer))
      after = answer.data.transactions.pageInfo.endCursor
    }

    const amountOf = new Map(payments.map(({ id, amount }) => [id, amount.amount]))
    expect(seen.map((id) => amountOf.get(id))).toEqual([900, 900, 300, 100])
    expect(new Set(seen).size).toBe(4)
  })

  it('by amount of one customer reads the payments of no other', async () => {
    await Promise.all([1, 2, 3].map(() => newPayment({ amount: { amount: 7, currency: 'NOK' } })))
    const own = { customerId: 'cust_2', 'amount.currency': 'NOK', 'amount.amount': { $gte: 0 } }

    const { queryPlanner, executionStats } = await service.collections.transactions
      .find(own)
      .sort({ 'amount.amount': -1, _id: -1 })
      .explain()

    expect(queryPlanner.winningPlan.indexName).toBe('by_amount_of_customer')
    expect(executionStats.totalDocsExamined).toBe(0)
  })

  it('by amount is refused without a currency', async () => {
    const { errors } = await listBy({ order: 'HIGHEST_AMOUNT_FIRST' })

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['filter', 'amount'] } }])
  })

  it('has only their own for a customer, whatever the filter', async () => {
    expect(idsOf(await listBy({}, customer))).toEqual(['txn_2'])
    expect(idsOf(await listBy({ filter: { customerId: 'cust_1' } }, customer))).toEqual(['txn_2'])
  })
})

it('the issues about a payment are listed with it, narrowed by a filter', async () => {
  const { id } = await newPayment()
  const issues = [
    await openIssue(service, { transactionId: id }),
    await openIssue(service, { transactionId: id, priority: 'HIGH' }),
  ]
  await openIssue(service)
  const query = `query ($id: ID, $filter: IssueFilter) { transaction(id: $id) { issues(filter: $filter) { nodes { id } totalCount } } }`
  const listBy = (filter: object) => ask(url, { query, variables: { id, filter }, token: operator })

  const all = await listBy({})
  const high = await listBy({ priority: ['HIGH'] })
  const other = await listBy({ transactionId: 'txn_1' })

  expect(all.data.transaction.issues.totalCount).toBe(2)
  expect(high.data.transaction.issues.nodes).toEqual([{ id: issues[1]!.id }])
  expect(other.errors).toMatchObject([{ extensions: { argumentPath: ['filter', 'transactionId'] } }])
})
