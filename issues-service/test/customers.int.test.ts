import { forgetMigrations } from '@redress/shared/stores/migrations/ledger.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { NOW, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const url = await serveService(service)
const [operator, reviewer, readOnly] = await Promise.all(
  (['operator', 'reviewer', 'read_only'] as const).map((role) => tokenOf(withRole(role))),
)

let keys = 0
const newId = () => `crm-${++keys}`
const visa = { brand: 'Visa', last4: '4242', expiresAt: '2031-08', token: 'pm_card_visa' }
const inputOf = (change: object = {}) => ({
  externalId: newId(),
  email: 'Mary.Shelley@Example.org',
  name: 'Mary Shelley',
  ...change,
})
const CREATE = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { isNew customer {
  id externalId riskScore version createdAt updatedAt } } }`
const create = (input: object, token = operator!) => ask(url, { query: CREATE, variables: { input }, token })
const UPDATE = `mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id riskScore version } } }`
const update = (input: object) => ask(url, { query: UPDATE, variables: { input }, token: operator! })
const PERSONAL = `query ($id: ID) { customer(id: $id) { email name paymentMethods { id brand last4 expiresAt status } } }`
const personalOf = async (id: string) =>
  (await ask(url, { query: PERSONAL, variables: { id }, token: reviewer! })).data.customer

describe('a new customer', () => {
  it('is found by either id, with its personal data for a reviewer', async () => {
    const input = inputOf({ riskScore: 12, knownSince: '2024-02-29T10:00:00Z', paymentMethods: [visa] })

    const { data, errors } = await create(input)
    const { customer, isNew } = data.createCustomer
    const found = await ask(url, {
      query: 'query ($externalId: String) { customer(externalId: $externalId) { id } }',
      variables: { externalId: input.externalId },
      token: readOnly!,
    })

    expect([errors, isNew]).toEqual([[], true])
    expect(customer).toEqual({
      id: expect.stringMatching(/^cust_[0-9A-HJKMNP-TV-Z]{26}$/),
      externalId: input.externalId,
      riskScore: 12,
      version: 1,
      createdAt: '2024-02-29T10:00:00.000Z',
      updatedAt: NOW.toISOString(),
    })
    expect(found.data.customer).toEqual({ id: customer.id })
    expect(await personalOf(customer.id)).toEqual({
      email: 'Mary.Shelley@Example.org',
      name: 'Mary Shelley',
      paymentMethods: [
        {
          id: expect.stringMatching(/^pm_[\w-]{22}$/),
          brand: 'Visa',
          last4: '4242',
          expiresAt: '2031-08',
          status: 'ACTIVE',
        },
      ],
    })
  })

  it('has the score of an unknown customer, and is known from now on, where nothing else is given', async () => {
    const { data } = await create(inputOf())

    expect(data.createCustomer.customer).toMatchObject({ riskScore: 50, createdAt: NOW.toISOString() })
  })

  it('leaves an event without any personal data', async () => {
    const { data } = await create(inputOf({ paymentMethods: [visa] }))

    const events = await service.eventsOf(data.createCustomer.customer.id)

    expect(events).toMatchObject([
      { type: 'customer.created', actor: 'a-operator', changes: { riskScore: { before: null, after: 50 } }, data: {} },
    ])
    expect(JSON.stringify(events)).not.toMatch(/mary|shelley|4242|pm_card|crm-/i)
  })

  it('is created once, however often and at the same moment the same input comes', async () => {
    const input = inputOf()

    const answers = await Promise.all([create(input), create(input), create(input)])
    const again = await create(Object.fromEntries(Object.entries(input).reverse()))

    const results = [...answers, again].map(({ data }) => data.createCustomer)
    expect(new Set(results.map(({ customer }) => customer.id)).size).toBe(1)
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(await service.eventsOf(results[0].customer.id)).toHaveLength(1)
  })

  it('is refused for an external id that was used with another input', async () => {
    const input = inputOf()
    await create(input)

    const { errors } = await create({ ...input, name: 'Mary Godwin' })

    expect(errors).toMatchObject([{ extensions: { code: 'EXTERNAL_ID_TAKEN' } }])
  })

  it('is refused to a caller who may only read', async () => {
    const { data, errors } = await create(inputOf(), reviewer!)

    expect(data.createCustomer).toBeNull()
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'customer:write:*' } }])
  })

  it('is refused with a card number in the e-mail address, or in the digits of another script', async () => {
    const { errors } = await create(
      inputOf({
        externalId: 'crm_4111\u20131111\u20131111\u20131111',
        email: '4111111111111111@example.org',
        name: '٤١١١١١١١١١١١١١١١',
      }),
    )

    expect(errors[0]!.extensions).toMatchObject({
      problems: [
        ['input', 'externalId'],
        ['input', 'email'],
        ['input', 'name'],
      ].map((path) => ({ path })),
    })
  })

  it('is refused with every problem at once, and nothing is stored', async () => {
    const before = await service.collections.customers.countDocuments({})
    const input = inputOf({
      externalId: '4111 1111 1111 1111',
      email: `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.org`,
      name: 'Mary 5555-5555-5555-4444',
      knownSince: '2030-06-15T12:02:00Z',
      paymentMethods: [visa, { brand: '4111111111111111', last4: 'abcd', expiresAt: '2031-13', token: visa.token }],
    })

    const { errors } = await create(input)

    const problems = (errors[0]!.extensions as unknown as { problems: { path: string[]; message: string }[] }).problems
    expect(problems.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['input.externalId', 'must not have a card number'],
      ['input.email', 'must have 3 to 254 characters'],
      ['input.name', 'must not have a card number'],
      ['input.knownSince', 'must not be in the future'],
      ['input.paymentMethods.1.brand', 'must not have a card number'],
      ['input.paymentMethods.1.last4', 'must be four digits'],
      ['input.paymentMethods.1.expiresAt', 'must be a month, as 2031-08'],
      ['input.paymentMethods.1.token', 'must differ from those of the other payment methods'],
    ])
    expect(await service.collections.customers.countDocuments({})).toBe(before)
  })

  it('fails no other one that is created at the same moment', async () => {
    const taken = inputOf()
    await create(taken)

    const [refused, fine] = await Promise.all([create({ ...taken, name: 'Another' }), create(inputOf())])

    expect(refused!.errors).toMatchObject([{ extensions: { code: 'EXTERNAL_ID_TAKEN' } }])
    expect(fine!.data.createCustomer.isNew).toBe(true)
  })
})

describe('a change of a customer', () => {
  const newCustomer = async (change: object = {}) => (await create(inputOf(change))).data.createCustomer.customer

  it('replaces what is given and keeps the rest', async () => {
    const { id } = await newCustomer({ riskScore: 10, paymentMethods: [visa] })

    const { data } = await update({ id, email: 'mary@example.net', riskScore: 80 })

    expect(data.updateCustomer.customer).toEqual({ id, riskScore: 80, version: 2 })
    expect(await personalOf(id)).toMatchObject({
      email: 'mary@example.net',
      name: 'Mary Shelley',
      paymentMethods: [{ last4: '4242' }],
    })
  })

  it('leaves an event that names the personal fields without their values', async () => {
    const { id } = await newCustomer({ riskScore: 10 })

    await update({ id, email: 'mary@example.net', riskScore: 80 })

    const [, event] = await service.eventsOf(id)
    expect(event).toMatchObject({
      type: 'customer.updated',
      changes: { riskScore: { before: 10, after: 80 } },
      data: { fields: ['riskScore', 'email'] },
    })
    expect(JSON.stringify(event)).not.toMatch(/mary/i)
  })

  it('that was made before changes nothing, whatever version is named', async () => {
    const { id } = await newCustomer()
    await update({ id, name: 'Mary W. Shelley', version: 1 })

    const { data, errors } = await update({ id, name: 'Mary W. Shelley', version: 1 })

    expect([data.updateCustomer.customer.version, errors]).toEqual([2, []])
    expect(await service.eventsOf(id)).toHaveLength(2)
  })

  it('is refused with a stale version, or for a customer who is not there', async () => {
    const { id } = await newCustomer()
    await update({ id, riskScore: 1 })

    const stale = await update({ id, riskScore: 2, version: 1 })
    const missing = await update({ id: 'cust_none', riskScore: 2 })

    expect(stale.errors).toMatchObject([{ extensions: { code: 'CONFLICT' } }])
    expect(missing.errors).toMatchObject([{ extensions: { code: 'CUSTOMER_NOT_FOUND' } }])
  })

  it('keeps the id of a payment method with the same token, and shows one as blocked or expired', async () => {
    const { id } = await newCustomer({ paymentMethods: [visa] })
    const [first] = (await personalOf(id)).paymentMethods

    const old = { brand: 'Amex', last4: '0005', expiresAt: '2030-05', token: 'tok_old' }
    await update({
      id,
      paymentMethods: [{ ...visa, isBlocked: true }, old, { ...old, expiresAt: '2030-06', token: 'tok_last' }],
    })

    const methods = (await personalOf(id)).paymentMethods
    expect(methods.map(({ status }: { status: string }) => status)).toEqual(['BLOCKED', 'EXPIRED', 'ACTIVE'])
    expect(methods[0].id).toBe(first.id)
  })

  it('is refused once the personal data was erased', async () => {
    const { id } = await newCustomer()
    await service.collections.dataKeys.deleteOne({ _id: id })

    const personal = await update({ id, name: 'Mary' })
    const score = await update({ id, riskScore: 3 })

    expect(personal.errors).toMatchObject([{ extensions: { code: 'CUSTOMER_ERASED' } }])
    expect(score.errors).toMatchObject([{ extensions: { code: 'CUSTOMER_ERASED' } }])
  })
})

describe('a list of customers', () => {
  const LIST = `query ($filter: CustomerFilter, $order: ListOrder! = NEWEST_FIRST) {
    customers(filter: $filter, order: $order) { nodes { id } totalCount } }`
  const listBy = async (variables: object, token = readOnly!) =>
    (await ask(url, { query: LIST, variables, token })).data.customers

  it('has those with an e-mail address, in either case, as long as it is theirs', async () => {
    const { data } = await create(inputOf({ email: 'Percy@example.org' }))
    const { id } = data.createCustomer.customer

    const listOf = (email: string) => listBy({ filter: { email } }, reviewer)
    expect(await listOf('percy@EXAMPLE.org')).toEqual({ nodes: [{ id }], totalCount: 1 })
    await update({ id, email: 'pbs@example.org' })
    expect(await listOf('percy@example.org')).toEqual({ nodes: [], totalCount: 0 })
    expect((await listOf('pbs@example.org')).totalCount).toBe(1)
  })

  it('by an e-mail address has customers from before there was one, once a process has begun', async () => {
    const { customers, dataKeys } = service.collections
    const [erased, old] = ['erased', 'old'].map((name) => `${name}.timer@example.org`)
    const idOf = async (email: string) => (await create(inputOf({ email }))).data.createCustomer.customer.id
    const ids = [await idOf(erased!), await idOf(old!)]
    await customers.updateMany({ _id: { $in: ids } }, { $unset: { emailIndex: 1 } })
    await dataKeys.deleteOne({ _id: ids[0] })
    await forgetMigrations(db, ['index-emails'])

    await openService({ mongo, db })

    expect((await listBy({ filter: { email: old } }, reviewer)).nodes).toEqual([{ id: ids[1] }])
    expect((await listBy({ filter: { email: erased } }, reviewer)).nodes).toEqual([])
  })

  it('by an e-mail address is recorded as a read of it, found or not, without the address', async () => {
    const { id } = (await create(inputOf({ email: 'polidori@example.org' }))).data.createCustomer.customer
    const searcher = await tokenOf({ ...withRole('reviewer'), id: 'searcher' })

    await listBy({ filter: { email: 'Polidori@example.org' } }, searcher)
    await listBy({ filter: { email: 'nobody.byron@example.org' } }, searcher)

    const made = await service.eventsOf('searcher')
    const [, read] = await service.eventsOf(id)
    expect(made.map(({ data }) => data)).toEqual(
      expect.arrayContaining([
        { by: 'email', found: [id] },
        { by: 'email', found: [] },
      ]),
    )
    expect(made).toHaveLength(2)
    expect(read).toMatchObject({ type: 'customer.pii_read', actor: 'searcher', data: { fields: ['email'] } })
    expect(JSON.stringify([...made, read])).not.toMatch(/polidori|byron/i)
  })

  it('by an e-mail address is only for those who may read it', async () => {
    const themselves = await tokenOf(withRole('customer', 'cust_1'))
    const listAs = (token: string) =>
      ask(url, { query: LIST, variables: { filter: { email: 'ada@example.org' } }, token })

    for (const token of [readOnly!, operator!, themselves]) {
      const { data, errors } = await listAs(token)

      expect(data.customers).toBeNull()
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'customer:read_pii:*' } }])
    }
  })

  it('is in the order of when they were first known, within a range of time', async () => {
    const at = async (knownSince: string) => (await create(inputOf({ knownSince }))).data.createCustomer.customer.id
    const [first, second, third] = [
      await at('2001-01-01T00:00:00Z'),
      await at('2001-06-01T00:00:00Z'),
      await at('2002-01-01T00:00:00Z'),
    ]

    const filter = { from: '2001-01-01T00:00:00Z', to: '2002-01-01T00:00:00Z' }
    expect((await listBy({ filter })).nodes).toEqual([{ id: second }, { id: first }])
    expect((await listBy({ filter: { ...filter, to: '2003-01-01T00:00:00Z' }, order: 'OLDEST_FIRST' })).nodes).toEqual([
      { id: first },
      { id: second },
      { id: third },
    ])
  })

  it('has only themselves for a customer', async () => {
    const themselves = await tokenOf(withRole('customer', 'cust_1'))

    expect(await listBy({}, themselves)).toEqual({ nodes: [{ id: 'cust_1' }], totalCount: 1 })
  })
})

it('a customer is named by exactly one of the two ids', async () => {
  for (const named of ['', '(id: "cust_1", externalId: "crm-1")']) {
    const { errors } = await ask(url, { query: `{ customer${named} { id } }`, token: readOnly! })

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['id'] } }])
  }
})

it('every read of personal data is recorded with the fields that were read', async () => {
  const { id } = (await create(inputOf())).data.createCustomer.customer
  const readAs = (fields: string) => ask(url, { query: `{ customer(id: "${id}") { ${fields} } }`, token: reviewer! })

  await readAs('name')
  await readAs('paymentMethods { id } email')
  await readAs('riskScore')

  const reads = (await service.eventsOf(id)).filter(({ type }) => type === 'customer.pii_read')
  expect(reads.map(({ data }) => data)).toEqual([{ fields: ['name'] }, { fields: ['email', 'paymentMethods'] }])
})
