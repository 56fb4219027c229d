import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CustomerInput } from '../src/customers/customer-input.ts'
import { importIdOf } from '../src/imports/import.ts'
import { createImportRows, type Row } from '../src/imports/import-rows.ts'
import { ADA, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const { collections } = service
const url = await serveService(service)
const [operator, reader] = await Promise.all([tokenOf(withRole('operator')), tokenOf(withRole('read_only'))])

const IMPORT = `mutation ($input: ImportRowsInput!, $rows: [ImportRowInput!]!) { importRows(input: $input, rows: $rows) {
  created unchanged refused refusedRows { row line code message path }
  import { id kind state rowCount position created unchanged refused startedBy completedAt } } }`

let names = 0
const newName = (kind = 'file') => `${kind}-${++names}`
const send = (input: object, rows: readonly object[], token = operator) =>
  ask(url, { query: IMPORT, token, variables: { input, rows } })
/** Imports all values at once, each on the line of its place. */
const importAll = async (kind: string, values: readonly object[], input: object = {}) => {
  const rows = values.map((value, index) => ({ line: index + 1, value }))
  const { data, errors } = await send(
    { idempotencyKey: newName(), kind, rowCount: rows.length, from: 1, ...input },
    rows,
  )
  return { ...data?.importRows, errors }
}
const customer = (change: object = {}) => ({
  externalId: newName('crm'),
  email: 'mary@example.org',
  name: 'Mary Shelley',
  ...change,
})
const payment = (change: object = {}) => ({
  externalId: newName('order'),
  customerId: 'cust_1',
  merchant: 'Shop',
  amount: { amount: 5000, currency: 'EUR' },
  status: 'CAPTURED',
  ...change,
})
const issue = (change: object = {}) => ({
  externalId: newName('ticket'),
  customerId: 'cust_1',
  details: { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } },
  ...change,
})

describe('an import', () => {
  it('creates what its rows describe, each with its event, and is complete with its last row', async () => {
    const values = [customer(), customer()]

    const { import: done, refusedRows, ...counts } = await importAll('CUSTOMERS', values)

    expect({ ...counts, refusedRows }).toEqual({ created: 2, unchanged: 0, refused: 0, refusedRows: [], errors: [] })
    expect(done).toMatchObject({ kind: 'CUSTOMERS', state: 'COMPLETED', rowCount: 2, position: 2, created: 2 })
    expect(done).toMatchObject({ startedBy: 'a-operator', completedAt: expect.any(String) })
    for (const { externalId } of values) {
      const { _id } = (await collections.customers.findOne({ tenant: 'default', externalId }))!
      expect(await service.eventsOf(_id)).toMatchObject([{ type: 'customer.created', actor: 'a-operator' }])
    }
  })

  it('links payments to customers, and issues to both, by external ids', async () => {
    const owner = customer()
    const bought = payment({ customerId: undefined, customerExternalId: owner.externalId })
    const claimed = issue({
      customerId: undefined,
      customerExternalId: owner.externalId,
      transactionExternalId: bought.externalId,
    })
    await importAll('CUSTOMERS', [owner])
    await importAll('PAYMENTS', [bought])

    const { created } = await importAll('ISSUES', [claimed])

    const { _id: customerId } = (await collections.customers.findOne({
      tenant: 'default',
      externalId: owner.externalId,
    }))!
    const { _id: transactionId } = (await collections.transactions.findOne({
      tenant: 'default',
      externalId: bought.externalId,
    }))!
    expect(created).toBe(1)
    expect(await collections.issues.findOne({ tenant: 'default', externalId: claimed.externalId })).toMatchObject({
      customerId,
      transactionId,
    })
  })

  it('refuses rows on their own, by line, code and place, and creates the others', async () => {
    const { created, refused, refusedRows } = await importAll('PAYMENTS', [
      payment({ amount: { amount: 'many' }, status: 'PAID', merchant: undefined, colour: 'red' }),
      payment(),
      payment({ customerId: undefined, customerExternalId: 'crm-of-none' }),
      payment({ customerExternalId: 'crm-1' }),
      payment({ merchant: 'Shop 4111 1111 1111 1111' }),
      payment({ merchant: 'half \ud800', amount: { amount: 0 } }),
    ])

    expect([created, refused]).toEqual([1, 5])
    expect(
      refusedRows.map(({ line, code, path }: { line: number; code: string; path: string[] }) => [line, code, path]),
    ).toEqual([
      [1, 'BAD_USER_INPUT', ['merchant']],
      [3, 'CUSTOMER_NOT_FOUND', null],
      [4, 'BAD_USER_INPUT', ['customerExternalId']],
      [5, 'BAD_USER_INPUT', ['merchant']],
      [6, 'BAD_USER_INPUT', ['merchant']],
    ])
    expect(refusedRows[0].message).toBe(
      'merchant must be given. status must be one of AUTHORIZED, CAPTURED, DECLINED, REFUNDED, DISPUTED. colour is unknown. amount.amount must be an integer within ±(2^53 − 1).',
    )
    expect(refusedRows[4].message).toBe(
      'merchant must not contain half of a surrogate pair. amount.amount must be from 1 to 100000000.',
    )
  })

  it('refuses what the sender could not read, and issues without an external id or with a key', async () => {
    const rows = [
      { line: 7, problem: 'is not UTF-8' },
      ...[issue({ externalId: null }), issue({ idempotencyKey: 'k' })].map((value) => ({ line: 8, value })),
    ]

    const { data } = await send({ idempotencyKey: newName(), kind: 'ISSUES', rowCount: 3, from: 1 }, rows)

    expect(data.importRows.refusedRows).toMatchObject([
      { row: 1, line: 7, message: 'is not UTF-8.', path: [] },
      { row: 2, line: 8, path: ['externalId'] },
      { row: 3, line: 8, path: ['idempotencyKey'] },
    ])
  })

  it('reads cells by the path of their field, empty ones as null', async () => {
    const cells = {
      externalId: newName('crm'),
      email: 'mary@example.org',
      name: '=Mary, "the" first\nShelley'.replace('\n', ' '),
      riskScore: ' 12 ',
      knownSince: '',
      'paymentMethods.0.brand': '',
      'paymentMethods.1.brand': 'Visa',
      'paymentMethods.1.last4': '0042',
      'paymentMethods.1.token': 'pm_1',
      'paymentMethods.1.isBlocked': 'TRUE',
      'constructor.prototype.x': '',
    }
    const wrong = {
      ...cells,
      externalId: newName('crm'),
      riskScore: '1.5',
      'paymentMethods.1.isBlocked': 'constructor',
      '__proto__.x': '1',
    }

    const { refusedRows } = await importAll('CUSTOMERS', [cells, wrong], { format: 'CSV' })

    expect(await collections.customers.findOne({ tenant: 'default', externalId: cells.externalId })).toMatchObject({
      riskScore: 12,
    })
    expect(refusedRows).toMatchObject([
      {
        line: 2,
        message:
          'riskScore must be a whole number. paymentMethods.0.isBlocked must be true or false. __proto__ is unknown.',
      },
    ])
  })

  it('counts rows that were there before, with the same input, as unchanged', async () => {
    const [known, fresh] = [issue(), issue()]
    await importAll('ISSUES', [known])

    const { created, unchanged, refusedRows } = await importAll('ISSUES', [
      known,
      fresh,
      { ...known, priority: 'HIGH' },
    ])

    expect([created, unchanged]).toEqual([1, 1])
    expect(refusedRows).toMatchObject([{ row: 3, code: 'EXTERNAL_ID_TAKEN' }])
  })

  it('stores nothing in a dry run, and says what would become of the rows', async () => {
    const before = [await collections.customers.countDocuments(), await collections.imports.countDocuments()]

    const {
      import: none,
      created,
      refused,
    } = await importAll('CUSTOMERS', [customer(), customer({ email: 'x' })], { isDryRun: true })

    expect([none, created, refused]).toEqual([null, 1, 1])
    expect([await collections.customers.countDocuments(), await collections.imports.countDocuments()]).toEqual(before)
  })

  it('is found by its key by the caller who began it, and lists its refused rows', async () => {
    const key = newName()
    await importAll('CUSTOMERS', [customer({ email: 'x' }), customer(), customer({ name: '' })], {
      idempotencyKey: key,
    })
    const query = `query ($key: String) { import(idempotencyKey: $key) { id position refusedRows(first: 1) { totalCount
      pageInfo { hasNextPage } nodes { row path } } } }`
    const other = await tokenOf({ ...withRole('operator'), id: 'someone-else' })

    const { data } = await ask(url, { query, variables: { key }, token: operator })
    const ofOther = await ask(url, { query, variables: { key }, token: other })
    const list = '{ imports(first: 1) { nodes { id } } }'
    const { data: listed } = await ask(url, { query: list, token: operator })
    const foreigner = await tokenOf({ ...withRole('operator'), tenant: 'acme' })
    const { data: foreign } = await ask(url, { query: list, token: foreigner })

    expect(data.import).toMatchObject({
      position: 3,
      refusedRows: { totalCount: 2, pageInfo: { hasNextPage: true }, nodes: [{ row: 1, path: ['email'] }] },
    })
    expect(ofOther.data.import).toBeNull()
    expect(listed.imports.nodes).toHaveLength(1)
    expect(foreign.imports.nodes).toEqual([])
  })

  it.for<[string, object, object]>([
    ['IDEMPOTENCY_CONFLICT', { rowCount: 3 }, { from: 2 }],
    ['IDEMPOTENCY_CONFLICT', { kind: 'PAYMENTS' }, { from: 2 }],
    ['BAD_USER_INPUT', {}, { from: 3 }],
    ['BAD_USER_INPUT', { rowCount: 100_001 }, {}],
    ['BAD_USER_INPUT', { idempotencyKey: '' }, {}],
  ])('is refused with %s for a page that does not fit: %o %o', async ([code, change, place]) => {
    const first = { idempotencyKey: newName(), kind: 'CUSTOMERS', rowCount: 4, from: 1 }
    await send(first, [{ line: 1, value: customer() }])

    const { data, errors } = await send({ ...first, ...change, ...place }, [{ line: 2, value: customer() }])

    expect([data.importRows, errors[0]!.extensions.code]).toEqual([null, code])
  })

  it('is refused to a caller who may not create what it imports, or has rows beyond its last one', async () => {
    const input = { idempotencyKey: newName(), kind: 'CUSTOMERS', rowCount: 1, from: 1 }
    const rows = [1, 2].map((line) => ({ line, value: customer() }))

    const answers = [await send(input, rows.slice(1), reader), await send(input, rows), await send(input, [])]

    expect(answers.map(({ errors }) => errors[0]!.extensions.code)).toEqual([
      'FORBIDDEN',
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
    ])
  })

  it('masks personal data in what it keeps of refused rows', async () => {
    const address = 'someone@example.org'
    const owner = customer({ externalId: address })
    const { refusedRows } = await importAll('CUSTOMERS', [owner, { ...owner, name: 'Other' }, { [address]: 1 }])

    expect(refusedRows).toHaveLength(2)
    expect(JSON.stringify(await collections.refusedRows.find().toArray())).not.toContain(address)
  })
})

describe('an import that is interrupted', () => {
  const ROWS = 40
  const inputOf = (externalId: string): CustomerInput => ({
    ...{ externalId, email: 'mary@example.org', name: 'Mary', riskScore: 1, knownSince: null, paymentMethods: [] },
  })

  it('loses and doubles nothing, whatever step it is interrupted at', async () => {
    const prefix = newName('crash')
    const rows: Row<'CUSTOMERS'>[] = Array.from({ length: ROWS }, (_, index) => ({
      line: index + 1,
      given: inputOf(`${prefix}-${index % (ROWS / 2)}`),
    }))
    const page = { key: prefix, kind: 'CUSTOMERS', rowCount: ROWS, from: 1, rows, cause: ADA } as const
    /** Each step happens, or not, before the process ends; the steps after it do not. */
    const interruptAfter = (steps: number) => {
      let left = steps
      const step = async <T>(run: () => Promise<T>): Promise<T> => {
        if (left-- === 0) throw new Error('ended')
        const result = await run()
        if (left-- === 0) throw new Error('ended')
        return result
      }
      return createImportRows({
        ...service.ofImports,
        rowsAtOnce: ROWS / 4,
        store: {
          ...service.ofImports.store,
          open: (opening) => step(() => service.ofImports.store.open(opening)),
          transact: (work) =>
            step(() =>
              service.ofImports.store.transact((transaction) =>
                work({ ...transaction, save: (change) => step(() => transaction.save(change)) }),
              ),
            ),
        },
      })
    }
    const attempts: number[] = []
    for (let steps = 0; ; steps = (steps + 1) % 7) {
      const done = await interruptAfter(attempts.length > 30 ? Number.MAX_SAFE_INTEGER : steps)(page).catch(() => null)
      attempts.push(steps)
      if (done?.import?.state === 'COMPLETED') break
    }

    const externalIds = Array.from({ length: ROWS / 2 }, (_, index) => `${prefix}-${index}`)
    const stored = await collections.customers.find({ tenant: 'default', externalId: { $in: externalIds } }).toArray()
    const ids = new Set(stored.map(({ _id }) => _id))
    const events = (await outboxEvents(db)).filter(({ entity }) => ids.has(entity.id))
    const found = await collections.imports.findOne({ _id: importIdOf(ADA, prefix) })
    expect([stored.length, events.length]).toEqual([ROWS / 2, ROWS / 2])
    expect(found).toMatchObject({ created: ROWS / 2, unchanged: ROWS / 2, refused: 0, state: 'COMPLETED' })
    expect(attempts.length).toBeGreaterThan(5)
  })

  it('is done once by two callers who send the same page at the same moment', async () => {
    const values = Array.from({ length: 20 }, () => customer())
    const input = { idempotencyKey: newName(), kind: 'CUSTOMERS', rowCount: 20, from: 1 }
    const rows = values.map((value, index) => ({ line: index + 1, value }))

    const answers = await Promise.all([send(input, rows), send(input, rows)])
    const { data } = await send(input, rows)

    const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))
    expect(codes.every((code) => code === 'CONFLICT')).toBe(true)
    expect(data.importRows.import).toMatchObject({ created: 20, unchanged: 0, refused: 0, position: 20 })
  })
})

it('whatever the rows are, each is created, unchanged or refused, and none is an internal error', async () => {
  const name = fc.oneof(
    fc.constantFrom(
      'externalId',
      'email',
      'name',
      'riskScore',
      'knownSince',
      'paymentMethods',
      '__proto__',
      '$set',
      'a.b',
    ),
    fc.string(),
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('\ud800', '2024-02-30', 'mary@example.org', 'x'.repeat(5_000), -0, { $gt: '' }),
  )
  const row = fc.oneof(
    fc.dictionary(name, value, { noNullPrototype: true }),
    fc.record({ externalId: value, email: value, name: value }),
  )

  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 20 }),
      fc.constantFrom('JSON', 'CSV'),
      async (values, format) => {
        const sent = values.map((one) => JSON.parse(JSON.stringify(one)) as object)
        const { created, unchanged, refused, errors } = await importAll('CUSTOMERS', sent, { format })

        expect(errors).toEqual([])
        expect(created + unchanged + refused).toBe(values.length)
      },
    ),
    { numRuns: 10 },
  )
})
