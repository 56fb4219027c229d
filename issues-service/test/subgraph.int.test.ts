import { ask, forgedTokenOf, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { MongoClient } from 'mongodb'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { caseIn, failed, made, openIssue, openService, REVIEWER, type Service, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })

const serve = (overrides: Partial<Service> = {}) => serveService({ ...service, ...overrides })
const url = await serve()
const [operator, reviewer, readOnly, monitoring] = await Promise.all(
  (['operator', 'reviewer', 'read_only', 'monitoring'] as const).map((role) => tokenOf(withRole(role))),
)
const customerOne = await tokenOf(withRole('customer', 'cust_1'))

let keys = 0
const refund = (change: object = {}) => ({
  idempotencyKey: `http-${++keys}`,
  customerId: 'cust_1',
  details: { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 9 } },
  ...change,
})
const CREATE = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id type status version
  priority details { ... on RefundRequestDetails { reason partialAmount { amount currency } } } } } }`

describe('the issues subgraph', () => {
  it('refuses requests without an internal token', async () => {
    const answers = await Promise.all(
      [null, 'nonsense', await forgedTokenOf(withRole('admin'))].map((token) =>
        ask(url, { query: '{ __typename }', token }),
      ),
    )

    for (const { status, data, errors } of answers) {
      expect([status, data]).toEqual([401, null])
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    }
  })

  it('creates an issue and gives it back', async () => {
    const partialAmount = { amount: 700, currency: 'EUR' }
    const details = { refundRequest: { reason: 'WRONG_ITEM', daysSincePurchase: 1, partialAmount } }

    const { data, errors } = await ask(url, {
      query: CREATE,
      variables: { input: refund({ details }) },
      token: operator!,
    })

    expect(errors).toEqual([])
    expect(data.createIssue.issue).toMatchObject({
      type: 'REFUND_REQUEST',
      status: 'PENDING',
      version: 1,
      priority: 'NORMAL',
      details: { reason: 'WRONG_ITEM', partialAmount },
    })
  })

  it('gives the code and path of an invalid input', async () => {
    const details = { refundRequest: { reason: 'WRONG_ITEM', daysSincePurchase: 4000 } }

    const { errors } = await ask(url, { query: CREATE, variables: { input: refund({ details }) }, token: operator! })

    expect(errors).toMatchObject([
      {
        path: ['createIssue'],
        extensions: {
          code: 'BAD_USER_INPUT',
          argumentPath: ['input', 'details', 'refundRequest', 'daysSincePurchase'],
        },
      },
    ])
  })

  it.for<object>([{}, { decline: null }, { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 1 }, decline: null }])(
    'refuses details that do not name exactly one type: %o',
    async (details) => {
      const { data, errors } = await ask(url, {
        query: CREATE,
        variables: { input: refund({ details }) },
        token: operator!,
      })

      expect([data, errors[0]?.extensions.code]).toEqual([null, 'BAD_USER_INPUT'])
    },
  )

  it('answers each row of a batch on its own, with the path of its error', async () => {
    const query = `mutation ($inputs: [CreateIssueInput!]!) { createIssues(inputs: $inputs) { created failed
      results { index issue { status } error { code path problems { code path message } } } } }`
    const wrong = { refundRequest: { reason: 'WRONG_ITEM', daysSincePurchase: -1 } }
    const inputs = [refund(), refund({ details: wrong, idempotencyKey: '' }), refund({ customerId: 'nobody' })]

    const { data } = await ask(url, { query, variables: { inputs }, token: operator! })

    expect(data.createIssues).toEqual({
      created: 1,
      failed: 2,
      results: [
        { index: 0, issue: { status: 'PENDING' }, error: null },
        {
          index: 1,
          issue: null,
          error: {
            code: 'BAD_USER_INPUT',
            path: ['inputs', '1', 'idempotencyKey'],
            problems: [
              {
                code: 'BAD_USER_INPUT',
                path: ['inputs', '1', 'idempotencyKey'],
                message: 'must have 1 to 200 characters',
              },
              {
                code: 'BAD_USER_INPUT',
                path: ['inputs', '1', 'details', 'refundRequest', 'daysSincePurchase'],
                message: expect.any(String),
              },
            ],
          },
        },
        { index: 2, issue: null, error: { code: 'CUSTOMER_NOT_FOUND', path: null, problems: null } },
      ],
    })
  })

  it('creates the good row beside one with half of a character or an unknown currency', async () => {
    const query = `mutation ($inputs: [CreateIssueInput!]!) { createIssues(inputs: $inputs) { created
      results { issue { status } error { code path } } } }`
    const partialAmount = { amount: 700, currency: 'XXX' }
    const unknownCurrency = { refundRequest: { reason: 'WRONG_ITEM', daysSincePurchase: 1, partialAmount } }
    const inputs = [refund({ idempotencyKey: '\ud800-1' }), refund(), refund({ details: unknownCurrency })]

    const { data } = await ask(url, { query, variables: { inputs }, token: operator! })

    const at = (...path: string[]) => ({ issue: null, error: { code: 'BAD_USER_INPUT', path: ['inputs', ...path] } })
    expect(data.createIssues).toEqual({
      created: 1,
      results: [
        at('0', 'idempotencyKey'),
        { issue: { status: 'PENDING' }, error: null },
        at('2', 'details', 'refundRequest', 'partialAmount', 'currency'),
      ],
    })
  })

  it('stores a currency in upper case', async () => {
    const partialAmount = { amount: 700, currency: 'usd' }
    const details = { refundRequest: { reason: 'WRONG_ITEM', daysSincePurchase: 1, partialAmount } }

    const { data } = await ask(url, { query: CREATE, variables: { input: refund({ details }) }, token: operator! })

    expect(data.createIssue.issue.details.partialAmount).toEqual({ amount: 700, currency: 'USD' })
  })

  it('refuses a batch of more than 100 rows', async () => {
    const query = 'mutation ($inputs: [CreateIssueInput!]!) { createIssues(inputs: $inputs) { created } }'
    const inputs = Array.from({ length: 101 }, () => refund())

    const { errors } = await ask(url, { query, variables: { inputs }, token: operator! })

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['inputs'] } }])
  })

  it('refuses one field for want of a permission, by its path, and answers the others', async () => {
    const { id } = await openIssue(service)
    const query = `query ($reps: [_Any!]!) { _entities(representations: $reps) { ... on Issue { id } } __typename }`

    const answer = await ask(url, {
      query,
      variables: { reps: [{ __typename: 'Issue', id }] },
      token: monitoring!,
    })

    expect(answer.data).toEqual({ _entities: [null], __typename: 'Query' })
    expect(answer.errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'FORBIDDEN', permission: 'issue:read:*' } },
    ])
  })

  it('refuses a mutation for want of a permission', async () => {
    const { errors } = await ask(url, { query: CREATE, variables: { input: refund() }, token: readOnly! })

    expect(errors).toMatchObject([{ path: ['createIssue'], extensions: { code: 'FORBIDDEN' } }])
  })

  it('shows of an unexpected error only a neutral sentence', async () => {
    const secret = 'mongodb://user:password@host'
    const broken = await serve({
      viewsOf: () => ({ ...service.views, findIssues: () => Promise.reject(new Error(secret)) }),
    })

    const { data, errors } = await ask(broken, { query: '{ issue(id: "x") { id } __typename }', token: readOnly! })

    expect(data).toEqual({ issue: null, __typename: 'Query' })
    expect(errors).toMatchObject([{ path: ['issue'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(JSON.stringify(errors)).not.toContain('password')
  })

  it('answers null for an unknown id', async () => {
    const query = '{ issue(id: "x") { id } customer(id: "x") { id } transaction(id: "x") { id } }'

    const { data, errors } = await ask(url, { query, token: readOnly! })

    expect([data, errors]).toEqual([{ issue: null, customer: null, transaction: null }, []])
  })

  it('refuses a stale version by CONFLICT', async () => {
    const { id } = await openIssue(service)
    await service.followDecisions([made(id, { routing: 'HUMAN_REVIEW' })])
    const query = `mutation ($input: ReviewIssueInput!) { reviewIssue(input: $input) { issue { status } } }`
    const input = { issueId: id, action: 'DENY_REFUND', version: 1 }

    const stale = await ask(url, { query, variables: { input }, token: reviewer! })
    const fresh = await ask(url, { query, variables: { input: { ...input, version: 3 } }, token: reviewer! })

    expect(stale.errors).toMatchObject([{ extensions: { code: 'CONFLICT' } }])
    expect(fresh.data).toEqual({ reviewIssue: { issue: { status: 'RESOLVED' } } })
  })

  it.for([
    ['no body', ''],
    ['a body that is not JSON', '{'],
    ['a body that is no object', 'null'],
    ['no query', '{}'],
    ['no GraphQL', '{"query":"{"}'],
  ])('refuses %s with 400 and a code', async ([, body]) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${readOnly}` },
      body: body!,
    })

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: expect.any(String) } }] })
  })

  it('refuses a body larger than a megabyte, and says so', async () => {
    const { status, errors } = await ask(url, { query: `# ${'x'.repeat(2 * 1024 * 1024)}`, token: readOnly! })

    expect([status, errors[0]?.extensions.code]).toEqual([400, 'BODY_TOO_LARGE'])
  })
})

describe('a customer with access to their own data', () => {
  it('sees their issues only, whatever the query', async () => {
    const own = await openIssue(service)
    const foreign = await openIssue(service, { customerId: 'cust_2', transactionId: 'txn_2' })
    const query = `query ($own: ID!, $foreign: ID!) {
      own: issue(id: $own) { id }
      foreign: issue(id: $foreign) { id }
      customer(id: "cust_2") { id }
      transaction(id: "txn_2") { id }
      issues(first: 100, filter: { customerId: "cust_2" }) { nodes { customer { id } } }
    }`

    const { data } = await ask(url, { query, variables: { own: own.id, foreign: foreign.id }, token: customerOne })

    expect(data).toMatchObject({ own: { id: own.id }, foreign: null, customer: null, transaction: null })
    const owners = data.issues.nodes.map(({ customer }: { customer: { id: string } }) => customer.id)
    expect(new Set(owners)).toEqual(new Set(['cust_1']))
  })
})

const forbidden = (path: unknown[], permission: string) => ({ path, extensions: { code: 'FORBIDDEN', permission } })

describe('personal data', () => {
  const WHO = '{ customer(id: "cust_1") { id email name } }'
  const readings = async () =>
    (await service.eventsOf('cust_1')).map(({ type, actor, requestId }) => ({ type, actor, requestId }))

  it('is FORBIDDEN without the permission, with the path, and is not audited then', async () => {
    const before = await readings()

    const { data, errors } = await ask(url, { query: WHO, token: operator! })

    expect(data.customer).toEqual({ id: 'cust_1', email: null, name: null })
    expect(errors).toMatchObject(
      ['email', 'name'].map((field) => forbidden(['customer', field], 'customer:read_pii:*')),
    )
    expect(await readings()).toEqual(before)
  })

  it('of a customer, and what people think of them, is not for the customer', async () => {
    const { id } = await openIssue(service)
    await service.followDecisions([failed(id)])
    const query = `query ($id: ID!) { issue(id: $id) { id failure statusHistory { to changedBy reason }
      customer { id riskScore } } }`

    const { data, errors } = await ask(url, { query, variables: { id }, token: customerOne })

    const change = (to: string) => ({ to, changedBy: null, reason: null })
    expect(data.issue).toEqual({
      id,
      failure: null,
      statusHistory: ['PENDING', 'PROCESSING', 'FAILED'].map(change),
      customer: { id: 'cust_1', riskScore: null },
    })
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['FORBIDDEN']))
    expect(errors).toHaveLength(8)
  })

  it('is decrypted with the permission, and audited once a request', async () => {
    const before = await readings()

    const { data } = await ask(url, { query: WHO, token: reviewer! })

    expect(data.customer).toEqual({ id: 'cust_1', email: 'grace@example.org', name: 'Grace Hopper' })
    const after = await readings()
    expect(after).toHaveLength(before.length + 1)
    expect(after.at(-1)).toMatchObject({ type: 'customer.pii_read', actor: 'a-reviewer' })
  })

  it('lies sealed in the database, in every collection', async () => {
    await ask(url, { query: WHO, token: reviewer! })
    const raw: Buffer[] = []

    for (const { name } of await db.listCollections().toArray()) {
      const documents = db.collection(name).find({ _id: { $gte: '' as never } }, { raw: true })
      for await (const document of documents) raw.push(document as unknown as Buffer)
    }

    expect(raw.length).toBeGreaterThan(5)
    expect(Buffer.concat(raw).toString('latin1')).not.toMatch(/grace|hopper|turing|alan@/i)
  })

  it('of a customer whose key was destroyed is gone, and says so', async () => {
    await service.collections.dataKeys.deleteOne({ _id: 'cust_2' })

    const { data, errors } = await ask(url, { query: '{ customer(id: "cust_2") { id email } }', token: reviewer! })

    expect(data.customer).toEqual({ id: 'cust_2', email: null })
    expect(errors).toMatchObject([{ path: ['customer', 'email'], extensions: { code: 'CUSTOMER_ERASED' } }])
  })
})

describe('the issues of a customer', () => {
  const query = `query ($filter: IssueFilter, $last: Int, $first: Int) { customer(id: "cust_1") {
    issues(filter: $filter, last: $last, first: $first) { nodes { id createdAt } totalCount pageInfo { hasNextPage } } } }`
  const issuesWith = async (variables: object) => {
    const { data, errors } = await ask(url, { query, variables, token: operator! })
    return { issues: data.customer?.issues, errors }
  }

  it('cannot be those of another one', async () => {
    const { errors } = await issuesWith({ filter: { customerId: 'cust_2' } })

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['filter', 'customerId'] } }])
  })

  it('are counted without reading any, and read from the end', async () => {
    await openIssue(service)
    const all = (await issuesWith({ first: 100 })).issues

    const { issues: none } = await issuesWith({ first: 0 })
    const { issues: oldest } = await issuesWith({ last: 1 })

    expect(none).toEqual({ nodes: [], totalCount: all.totalCount, pageInfo: { hasNextPage: true } })
    expect(oldest.nodes).toEqual([all.nodes.at(-1)])
  })

  it('are those from one moment, included, to another one, excluded', async () => {
    const { createdAt } = (await issuesWith({ first: 1 })).issues.nodes[0]
    const later = new Date(Date.parse(createdAt) + 1).toISOString()
    const countOf = async (filter: object) => (await issuesWith({ filter, first: 0 })).issues.totalCount
    const all = await countOf({})

    expect(await countOf({ from: createdAt })).toBe(all)
    expect(await countOf({ from: createdAt, to: createdAt })).toBe(0)
    expect(await countOf({ from: createdAt, to: later })).toBe(all)
    expect(await countOf({ createdAfter: createdAt })).toBe(0)
    expect(await countOf({ to: later, createdBefore: createdAt })).toBe(0)
  })
})

const watched = await MongoClient.connect(inject('mongoUri'), { monitorCommands: true })
afterAll(() => watched.close())
/** The commands that the database gets from the subgraph at `watchedUrl`. */
const commands: string[] = []
watched.on('commandStarted', ({ commandName }) => commands.push(commandName))
const watchedService = await openService({ mongo: watched, db: watched.db(db.databaseName) })
const watchedUrl = await serve({ viewsOf: watchedService.viewsOf })

describe('a list of issues', () => {
  it('with their customers and transactions costs three reads, however long it is', async () => {
    for (let index = 0; index < 50; index++) {
      await openIssue(service, index % 2 ? { customerId: 'cust_2', transactionId: 'txn_2' } : {})
    }
    commands.length = 0

    const query =
      '{ issues(first: 50) { nodes { id customer { riskScore } transaction { merchant customer { id } } } } }'
    const { data, errors } = await ask(watchedUrl, { query, token: readOnly! })

    expect([data.issues.nodes.length, errors]).toEqual([50, []])
    expect(commands).toEqual(['find', 'find', 'find'])
  })

  it('with the newest payments and issues of each customer costs one more read for each kind', async () => {
    const opened = await openIssue(service, { customerId: 'cust_2', transactionId: 'txn_2' })
    const query = `query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on Customer { id
      transactions(first: 1) { nodes { id } totalCount }
      issues(first: 1, filter: { type: [REFUND_REQUEST] }) { nodes { id } } } } }`
    const ids = ['cust_1', 'cust_2'].map((id) => ({ __typename: 'Customer', id }))
    commands.length = 0

    const { data, errors } = await ask(watchedUrl, { query, variables: { ids }, token: readOnly! })

    expect(errors).toEqual([])
    expect(data._entities[1]).toEqual({
      id: 'cust_2',
      transactions: { nodes: [{ id: 'txn_2' }], totalCount: 1 },
      issues: { nodes: [{ id: opened.id }] },
    })
    expect(data._entities[0].transactions).toEqual({ nodes: [{ id: 'txn_1' }], totalCount: 1 })
    expect(commands).toEqual(['find', 'find', 'find'])
  })

  it('is narrowed by every filter, which all must hold', async () => {
    const wanted = await openIssue(service, {
      priority: 'CRITICAL',
      details: { type: 'DISPUTE', reason: 'UNAUTHORIZED', daysSincePurchase: 1 },
    })
    const query = `query ($filter: IssueFilter) { issues(filter: $filter) { nodes { id } totalCount } }`
    const filter = {
      status: ['PENDING', 'FAILED'],
      type: ['DISPUTE'],
      priority: ['CRITICAL'],
      customerId: 'cust_1',
      createdAfter: '2030-06-15T11:59:59Z',
      createdBefore: '2030-06-15T12:00:01Z',
    }
    const listBy = async (change: object) =>
      (await ask(url, { query, variables: { filter: { ...filter, ...change } }, token: readOnly! })).data.issues

    expect(await listBy({})).toEqual({ nodes: [{ id: wanted.id }], totalCount: 1 })
    for (const other of [
      { status: ['RESOLVED'] },
      { type: ['DECLINE'] },
      { priority: ['LOW'] },
      { customerId: 'cust_2' },
      { createdAfter: '2030-06-15T12:00:00Z' },
      { createdBefore: '2030-06-15T12:00:00Z' },
      { status: [] },
    ]) {
      expect(await listBy(other)).toEqual({ nodes: [], totalCount: 0 })
    }
  })

  it.for(['status: [PENDING]', 'type: [REFUND_REQUEST]', 'priority: [NORMAL]', 'customerId: "cust_1"'])(
    'by %s alone is served by an index, and by pages',
    async (condition) => {
      const query = `query ($after: String) { issues(first: 10, after: $after, filter: { ${condition} }) {
        nodes { id } totalCount pageInfo { endCursor } } }`

      const first = await ask(url, { query, token: readOnly! })
      const { endCursor } = first.data.issues.pageInfo
      const second = await ask(url, { query, variables: { after: endCursor }, token: readOnly! })

      const ids = [...first.data.issues.nodes, ...second.data.issues.nodes].map(({ id }: { id: string }) => id)
      expect(new Set(ids).size).toBe(20)
      expect(first.data.issues.totalCount).toBeGreaterThan(20)
    },
  )

  it('cannot be continued from a cursor that is none', async () => {
    const { errors } = await ask(url, { query: '{ issues(after: "garbage") { nodes { id } } }', token: readOnly! })

    expect(errors).toMatchObject([
      { path: ['issues'], extensions: { code: 'BAD_USER_INPUT', argumentPath: ['after'] } },
    ])
  })

  it('of a customer holds the issues and payments of that customer', async () => {
    const query = '{ customer(id: "cust_2") { issues { nodes { customer { id } } } transactions { nodes { id } } } }'

    const { data } = await ask(url, { query, token: readOnly! })

    expect(data.customer.transactions.nodes).toEqual([{ id: 'txn_2' }])
    const owners = data.customer.issues.nodes.map(({ customer }: { customer: { id: string } }) => customer.id)
    expect(new Set(owners)).toEqual(new Set(['cust_2']))
  })
})

describe("a customer's message", () => {
  const query = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id customerMessage } } }`
  const customerMessage = 'It came broken. Call +44 20 7946 0958 or write to grace@example.org.'
  const masked = 'It came broken. Call [phone] or write to [email].'

  it('is shown, stored and sent to the engine masked, and is not audited', async () => {
    const { data } = await ask(url, { query, variables: { input: refund({ customerMessage }) }, token: operator! })

    const { id, customerMessage: shown } = data.createIssue.issue
    const [event] = await service.eventsOf(id)
    const stored = await service.collections.issues.findOne({ _id: id })
    expect([shown, stored?.customerMessage, caseIn(event).message]).toEqual([masked, masked, masked])
    expect(JSON.stringify(event?.changes)).not.toContain('broken')
    expect(JSON.stringify([stored, event])).not.toContain('grace@')
  })

  it('is null where none was given, and its case has none', async () => {
    const { data } = await ask(url, { query, variables: { input: refund() }, token: operator! })

    const [event] = await service.eventsOf(data.createIssue.issue.id)
    expect([data.createIssue.issue.customerMessage, 'message' in caseIn(event)]).toEqual([null, false])
  })

  it('goes with a failed issue that is tried again', async () => {
    const issue = await openIssue(service, { customerMessage })
    await service.followDecisions([failed(issue.id)])

    await service.retryIssue({ issueId: issue.id, cause: REVIEWER })

    const events = await service.eventsOf(issue.id)
    expect(caseIn(events.at(-1)).message).toBe(masked)
  })

  it('that differs from the first one is refused for the same key', async () => {
    const input = refund({ customerMessage: 'one' })
    await ask(url, { query, variables: { input }, token: operator! })

    const again = await ask(url, { query, variables: { input }, token: operator! })
    const other = await ask(url, {
      query,
      variables: { input: { ...input, customerMessage: 'two' } },
      token: operator!,
    })

    expect(again.errors).toEqual([])
    expect(other.errors[0]?.extensions.code).toBe('IDEMPOTENCY_CONFLICT')
  })
})
