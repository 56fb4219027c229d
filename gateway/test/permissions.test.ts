import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES } from '@redress/shared/error-codes.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestGateway } from './gateway.ts'
import type { TokenClaims } from './keys.ts'

const SUPERGRAPH = fileURLToPath(new URL('../supergraph.graphql', import.meta.url))
const CONSOLE = 'https://console.example.com'
const directory = mkdtempSync(join(tmpdir(), 'gateway-permissions-'))
afterAll(() => rmSync(directory, { recursive: true }))
const supergraph = join(directory, 'supergraph.graphql')
// The schema of today has no field below a mutation that is both not null and for some of its callers only.
writeFileSync(
  supergraph,
  withPermissionFor('  priority: Priority! @join__field(graph: ISSUES)', readFileSync(SUPERGRAPH, 'utf8')),
)

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { SUPERGRAPH: supergraph, CORS_ORIGINS: CONSOLE } })
})
afterAll(() => gateway.stop())

function withPermissionFor(field: string, text: string): string {
  if (!text.includes(field)) throw new Error('The supergraph has no such field.')
  return text.replace(field, `${field} @permission(urn: "audit:read:*")`)
}

type Given = Readonly<{ body: object; headers?: Record<string, string> }>

async function askAs(claims: TokenClaims, { body, headers = {} }: Given) {
  const token = await gateway.signToken(claims)
  const callsBefore = gateway.calls.length
  const response = await gateway.post(body, { headers: { authorization: `Bearer ${token}`, ...headers } })
  const answer = (await response.json()) as Answer & { extensions?: Record<string, unknown> }
  const asked = gateway.calls.slice(callsBefore).map(({ subgraph }) => subgraph)
  return { ...answer, status: response.status, asked }
}

const CUSTOMER = { roles: ['customer'], customerId: 'cust_042' }
const forbidden = (path: unknown[], permission: string) => ({ path, extensions: { code: 'FORBIDDEN', permission } })

describe('a caller without the permission for a field', () => {
  it('gets null with the reason, and all other fields, without a call to the subgraph', async () => {
    const query = '{ issue(id: "iss_1") { id decision { action } auditTrail { totalCount } } }'

    const { data, errors, asked } = await askAs({ roles: ['operator'] }, { body: { query } })

    expect(data).toEqual({ issue: { id: 'iss_1', decision: { action: 'APPROVE_REFUND' }, auditTrail: null } })
    expect(errors).toMatchObject([forbidden(['issue', 'auditTrail'], 'audit:read:*')])
    expect(asked).toEqual(['issues', 'decisions'])
  })

  it('gets an error for each element of a list, and for each key', async () => {
    const query = '{ issues { nodes { id a: decision { id } b: auditTrail { totalCount } } } }'

    const { data, errors, asked } = await askAs(CUSTOMER, { body: { query } })

    expect(data).toEqual({ issues: { nodes: [{ id: 'iss_1', a: null, b: null }] } })
    expect(errors).toMatchObject([
      forbidden(['issues', 'nodes', 0, 'a'], 'decision:read:*'),
      forbidden(['issues', 'nodes', 0, 'b'], 'audit:read:*'),
    ])
    expect(asked).toEqual(['issues'])
  })

  it('gets the root fields beside it', async () => {
    const { data, errors, asked } = await askAs(CUSTOMER, {
      body: { query: '{ queues { name } health { __typename } }' },
    })

    expect(data).toEqual({ queues: null, health: { __typename: 'Health' } })
    expect(errors).toMatchObject([forbidden(['queues'], 'queue:read:*')])
    expect(asked).toEqual([])
  })

  it('gets the answer of a mutation that it may do, beside one that it may not, which no subgraph is asked for', async () => {
    const input =
      '{ idempotencyKey: "k", customerId: "cust_042", details: { decline: { errorCode: CARD_EXPIRED, autoRetryCount: 0 } } }'
    const review = 'reviewIssue(input: { issueId: "iss_1", action: APPROVE_REFUND }) { issue { id } }'
    const query = `mutation { createIssue(input: ${input}) { issue { id } } ${review} }`

    const { data, errors, asked } = await askAs({ roles: ['operator'] }, { body: { query } })

    expect(data).toEqual({ createIssue: { issue: { id: 'iss_1' } }, reviewIssue: null })
    expect(errors).toMatchObject([forbidden(['reviewIssue'], 'issue:review:*')])
    expect(asked).toEqual(['issues'])
  })

  it('changes nothing', async () => {
    const query = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }`
    const details = { refundRequest: { reason: 'DEFECTIVE', daysSincePurchase: 3 } }
    const variables = { input: { idempotencyKey: 'k', customerId: 'cust_042', details } }

    for (const roles of [['customer'], ['reviewer'], ['read_only'], ['monitoring'], []]) {
      const { data, errors, asked } = await askAs({ roles, customerId: 'cust_042' }, { body: { query, variables } })
      expect([data, asked]).toEqual([{ createIssue: null }, []])
      expect(errors).toMatchObject([forbidden(['createIssue'], 'issue:create:*')])
    }
    const operator = await askAs({ roles: ['operator'] }, { body: { query, variables } })
    expect(operator).toMatchObject({ data: { createIssue: { issue: { id: 'iss_1' } } }, asked: ['issues'] })
  })

  const CREATED =
    'input: { idempotencyKey: "k", customerId: "cust_042", details: { decline: { errorCode: CARD_EXPIRED, autoRetryCount: 0 } } }'

  it.for([
    ['in it', 'issue { id priority }'],
    ['in a fragment', 'issue { ... on Issue { ... @include(if: true) { p: priority } } }'],
  ])('does not act where a field %s that must not be null would take the answer away', async ([, selection]) => {
    const query = `mutation { refused: createIssue(${CREATED}) { ${selection} } createIssue(${CREATED}) { issue { id } } }`

    const { data, errors, asked } = await askAs({ roles: ['operator'] }, { body: { query } })

    expect(data).toEqual({ refused: null, createIssue: { issue: { id: 'iss_1' } } })
    expect(errors).toMatchObject([forbidden(['refused'], 'audit:read:*')])
    expect(asked).toEqual(['issues'])
  })

  it('acts where the condition of such a field does not hold, and for a caller with the permission', async () => {
    const query = `mutation ($yes: Boolean!) { createIssue(${CREATED}) { issue { id priority @include(if: $yes) } } }`

    const without = await askAs({ roles: ['operator'] }, { body: { query, variables: { yes: false } } })
    const refused = await askAs({ roles: ['operator'] }, { body: { query, variables: { yes: true } } })
    const admin = await askAs({ roles: ['admin'] }, { body: { query, variables: { yes: true } } })

    expect(without).toMatchObject({ data: { createIssue: { issue: { id: 'iss_1' } } }, asked: ['issues'] })
    expect(refused).toMatchObject({ data: { createIssue: null }, asked: [] })
    expect(admin).toMatchObject({ data: { createIssue: { issue: { priority: 'NORMAL' } } }, asked: ['issues'] })
  })

  it('cannot get at it by a fragment, a condition or another name', async () => {
    const query = `query ($yes: Boolean!) { issue(id: 1) { ...A } x: issue(id: 1) @include(if: $yes) { ...A } }
      fragment A on Issue { ... on Issue { t: auditTrail @skip(if: false) { totalCount } } }`

    const { data, errors, asked } = await askAs(CUSTOMER, { body: { query, variables: { yes: false } } })

    expect(data).toEqual({ issue: null })
    expect([errors, asked]).toEqual([undefined, ['issues']])
    const found = await askAs(CUSTOMER, {
      body: { query: query.replaceAll('id: 1', 'id: "iss_1"'), variables: { yes: true } },
    })
    expect(found.data).toEqual({ issue: { t: null }, x: { t: null } })
    expect(found.errors).toHaveLength(2)
    expect(found.asked).not.toContain('audit')
  })

  it('does not change what the next caller with the same document gets', async () => {
    const body = { query: '{ issue(id: "iss_1") { status auditTrail { totalCount } } }' }

    const answers = await Promise.all(
      [CUSTOMER, { roles: ['admin'] }, CUSTOMER, { roles: ['admin'] }].map((claims) => askAs(claims, { body })),
    )

    expect(answers.map(({ data }) => (data as { issue: { auditTrail: unknown } }).issue.auditTrail)).toEqual([
      null,
      { totalCount: 1 },
      null,
      { totalCount: 1 },
    ])
  })
})

describe('fields that the gateway answers itself', () => {
  it('is the list of all codes, and how the services are, for everybody', async () => {
    const { data } = await askAs(
      { roles: [] },
      { body: { query: '{ errorCodes health { status services { name ready breaker } } }' } },
    )

    const well = (name: string) => ({ name, ready: true, breaker: 'CLOSED' })
    expect(data).toMatchObject({ errorCodes: ERROR_CODES, health: { status: 'HEALTHY' } })
    const { services } = data!.health as { services: unknown[] }
    expect(services).toHaveLength(3)
    expect(services).toEqual(expect.arrayContaining(['issues', 'decisions', 'audit'].map(well)))
  })
})

describe('a document named by its hash', () => {
  const query = '{ issue(id: "iss_1") { id } }'
  const named = (sha256Hash: unknown, version: unknown = 1) => ({
    extensions: { persistedQuery: { version, sha256Hash } },
  })

  it('is asked for once, and known from then on', async () => {
    const unknown = await gateway.post(named(hash('sha256', query)))
    expect((await unknown.json()) as Answer).toMatchObject({
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    })

    const answers = [{ query, ...named(hash('sha256', query)) }, named(hash('sha256', query))]
    for (const body of answers) {
      expect(await (await gateway.post(body)).json()).toEqual({ data: { issue: { id: 'iss_1' } } })
    }
    const search = `extensions=${encodeURIComponent(JSON.stringify(named(hash('sha256', query)).extensions))}`
    const got = await fetch(`${gateway.url}/graphql?${search}`, {
      headers: { authorization: `Bearer ${gateway.token}`, 'apollo-require-preflight': '1' },
    })
    expect(await got.json()).toEqual({ data: { issue: { id: 'iss_1' } } })
  })

  it.for<[string, object, string]>([
    ['of another text', { query, ...named(hash('sha256', 'x')) }, 'BAD_REQUEST'],
    ['that is no text', { query, ...named(7) }, 'BAD_REQUEST'],
    ['of another version', { query, ...named(hash('sha256', query), 2) }, 'BAD_REQUEST'],
    ['that is a name of JavaScript', named('__proto__'), 'PERSISTED_QUERY_NOT_FOUND'],
  ])('%s is refused', async ([, body, code]) => {
    expect(await (await gateway.post(body)).json()).toMatchObject({ errors: [{ extensions: { code } }] })
  })

  it('is all that runs where only trusted documents do', async () => {
    const manifest = join(directory, 'manifest.json')
    const operations = [{ id: 'one-issue', name: 'OneIssue', type: 'query', body: query }]
    writeFileSync(manifest, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }))
    const trusting = await startTestGateway({ environment: { TRUSTED_DOCUMENTS: manifest, TRUSTED_ONLY: 'true' } })

    for (const body of [named('one-issue'), named(hash('sha256', query)), { query }]) {
      expect(await (await trusting.post(body)).json()).toEqual({ data: { issue: { id: 'iss_1' } } })
    }
    const other = '{ queues { name } }'
    for (const body of [{ query: other }, { query: other, ...named(hash('sha256', other)) }, named('two-issues')]) {
      expect(await (await trusting.post(body)).json()).toMatchObject({
        errors: [{ extensions: { code: 'PERSISTED_QUERY_ONLY' } }],
      })
    }
    await trusting.stop()
  })
})

describe('the cost of an operation', () => {
  const body = { query: 'query ($first: Int) { issues(first: $first) { nodes { id } } }', variables: { first: 50 } }

  it('is in the answer on request, with the limit of the caller', async () => {
    const told = await askAs({ roles: ['admin'] }, { body, headers: { 'x-query-cost': '1' } })

    expect(told.extensions).toMatchObject({ cost: { cost: expect.any(Number), limit: 5_000 } })
    expect(told.data).toMatchObject({ issues: { nodes: [{ id: 'iss_1' }] } })
    expect((await askAs({ roles: ['admin'] }, { body })).extensions).toBeUndefined()
  })

  it.for([
    ['admin', 5_000],
    ['operator', 1_000],
    ['reviewer', 1_000],
    ['read_only', 1_000],
    ['service', 1_000],
    ['monitoring', 500],
    ['customer', 500],
  ] as const)('is limited by the role: %s may spend %i', async ([role, limit]) => {
    const lists = Array.from({ length: 12 }, (_, number) => `a${number}: issues(first: 100) { totalCount }`)
    const dear = { query: `{ issues(first: 100) { nodes { customer { ${lists.join(' ')} } } } }` }

    const refused = await askAs({ roles: [role], customerId: 'c' }, { body: dear })

    expect(refused).toMatchObject({ status: 400, asked: [] })
    expect(refused.errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COSTLY', limit } }])
    const [{ extensions }] = refused.errors as unknown as [{ extensions: { fields: { path: string; cost: number }[] } }]
    expect(extensions.fields[0]?.path).toContain('issues')
  })
})

describe('a page of another origin', () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })

  it('that is on the list may ask, and use all that a client may', async () => {
    const { status, headers } = await preflight(CONSOLE)

    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(CONSOLE)
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    const allowed = headers.get('access-control-allow-headers')?.split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'x-api-key',
        'x-query-cost',
        'apollo-require-preflight',
      ]),
    )
  })

  it('that is not on the list may not', async () => {
    for (const origin of ['https://evil.example', `${CONSOLE}.evil.example`, 'null', 'http://console.example.com']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull()
    }
  })
})

describe('a supergraph that is replaced while requests run', () => {
  it('is in force soon, no request fails, and one that is broken is not taken', async () => {
    const text = readFileSync(supergraph, 'utf8')
    const logs = (msg: RegExp) => gateway.logged.filter((line) => msg.test(String(line.msg)))
    const failed: unknown[] = []
    let isOver = false
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const answer = await gateway.ask('{ issue(id: "iss_1") { id decision { action } } }')
        if (answer.errors) failed.push(answer.errors)
      }
    })

    writeFileSync(
      supergraph,
      text.replace(/ {2}errorCodes: .*\n/, (line) => `${line}${line.replace('errorCodes', 'codesOfErrors')}`),
    )
    await expect.poll(() => logs(/is in force/)).toHaveLength(1)
    const { data } = await gateway.ask('{ __type(name: "Query") { fields { name } } }')
    writeFileSync(supergraph, 'type Query { broken')
    await expect.poll(() => logs(/cannot be used/)).toHaveLength(1)

    isOver = true
    await Promise.all(clients)
    expect(failed).toEqual([])
    expect(JSON.stringify(data)).toContain('codesOfErrors')
    expect(await gateway.ask('{ issue(id: "iss_1") { id } }')).toEqual({ data: { issue: { id: 'iss_1' } } })
  })
})
