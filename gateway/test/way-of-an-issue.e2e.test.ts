import { randomBytes, randomUUID } from 'node:crypto'
import { startTraceReceiver } from '@redress/shared/testing/trace-receiver.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { showSampleIssues } from '../../scripts/stack/samples/show-samples.ts'
import { describeCrashes, REPLICAS } from './crashes.ts'
import { describeNpmStart } from './npm-start.ts'
import { connect, follow } from './subscriptions/live-client.ts'
import { type Answer, CREATE, declineInput, type Role, type System, startSystem } from './system.ts'
import { ROWS_OF_FIELD, toOperation } from './unknown-ids.ts'

const collector = await startTraceReceiver()
const { dataDirectory } = describeNpmStart()
/** Started by the first test after those of `npm start`, on the data that they leave. */
let system: System
afterAll(async () => {
  await system?.stop()
  collector.close()
})

const ISSUE = `query Issue($id: ID!) {
  issue(id: $id) {
    id type status version failure
    resolution { action by note }
    statusHistory { from to changedBy }
    customer { id riskScore }
    transaction { id amount { amount currency } }
    details { __typename ... on DisputeDetails { reason } }
    decision {
      action confidence routing engine fallback policyApplied reasoning
      policy { skill version digest }
      trace { name ok }
      review { action agreement reviewer }
    }
    decisions { nodes { id } }
    auditTrail { nodes { action actor requestId changes } totalCount }
  }
}`

const FOLLOWED = `subscription Followed($after: String) {
  issueStatusChanged(after: $after) { issueId from to changedBy issue { type } }
}`
const DECIDED = `subscription Decided($after: String) {
  decisionMade(after: $after) { issueId action confidence routing decision { engine policy { skill } } }
}`

const REVIEW = `mutation Review($input: ReviewIssueInput!) { reviewIssue(input: $input) { issue { status version } } }`

const FINAL = ['RESOLVED', 'AWAITING_REVIEW', 'FAILED']

async function createAndWait(input: object) {
  const { data, errors } = await system.ask('operator', CREATE, { input })
  expect(errors).toBeUndefined()
  const { id } = data.createIssue.issue
  await expect.poll(async () => (await read(id)).status, { interval: 25 }).toBeOneOf(FINAL)
  return id as string
}
const read = async (id: string) => (await system.ask('admin', ISSUE, { id })).data.issue
const codesOf = async (role: Role | null, query: string, variables: object = {}) =>
  ((await system.ask(role, query, variables)).errors ?? []).map(({ extensions }) => extensions.code)

const dispute = () =>
  declineInput({
    customerId: 'cust_217',
    transactionId: 'txn_6103',
    details: { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 12 } },
  })

it('a second start has kept the data, after a start that was killed, and creates no samples anew', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  system = await startSystem({ dataDirectory, replicas: REPLICAS, environment })
  const said: string[] = []

  await showSampleIssues(system.stack, (line) => said.push(line))

  expect(said).toEqual([])
  expect(await system.ask('read_only', '{ issues(first: 100) { totalCount } }')).toEqual({
    data: { issues: { totalCount: 10 } },
  })
})

describe('the way of an issue', () => {
  it('is one trace through all services, in which each part belongs to another', async () => {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
    const response = await fetch(system.stack.graphql, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${system.stack.tokens?.operator}`,
        traceparent: `00-${traceId}-${spanId}-01`,
      },
      body: JSON.stringify({ query: CREATE, variables: { input: declineInput() } }),
    })
    expect(response.status).toBe(200)

    // Created and made; and the two moves that came of it.
    const own = () => collector.spans.filter((span) => span.traceId === traceId)
    const onRecord = () => own().filter(({ service }) => service === 'redress-audit')
    await expect.poll(onRecord, { interval: 50 }).toHaveLength(4)
    const services = ['redress-audit', 'redress-decisions', 'redress-issues', 'redress-worker']
    await expect.poll(() => own().map(({ service }) => service)).toEqual(expect.arrayContaining(services))
    const known = () => [spanId, ...own().map((span) => span.spanId)]
    await expect.poll(() => own().filter(({ parentSpanId = '' }) => !known().includes(parentSpanId))).toEqual([])
  })

  it('begins as PENDING and ends resolved by a decision that names its policy and every step', async () => {
    const id = await createAndWait(declineInput())

    const issue = await read(id)
    expect(issue).toMatchObject({
      type: 'DECLINE',
      status: 'RESOLVED',
      version: 3,
      resolution: { action: 'RETRY_PAYMENT', by: 'redress:decisions', note: null },
      customer: { id: 'cust_042', riskScore: 15 },
      transaction: { id: 'txn_5521', amount: { amount: 12500, currency: 'USD' } },
      decision: {
        action: 'RETRY_PAYMENT',
        confidence: 85,
        routing: 'AUTO_RESOLVE',
        engine: 'RULES',
        fallback: false,
        policy: { skill: 'decline-policy', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
        trace: [
          { name: 'context', ok: true },
          { name: 'rules', ok: true },
          { name: 'routing', ok: true },
        ],
      },
    })
    expect(issue.statusHistory).toEqual([
      { from: null, to: 'PENDING', changedBy: 'dev-operator' },
      { from: 'PENDING', to: 'PROCESSING', changedBy: 'redress:decisions' },
      { from: 'PROCESSING', to: 'RESOLVED', changedBy: 'redress:decisions' },
    ])
    expect(issue.decisions.nodes).toHaveLength(1)
  })

  it('is on record from the first step to the last, by whom and by which request', async () => {
    const id = await createAndWait(declineInput())

    const trail = async () => (await read(id)).auditTrail.nodes.map((node: { action: string }) => node.action)
    await expect.poll(trail).toEqual(['ISSUE_CREATED', 'ISSUE_STATUS_CHANGED', 'ISSUE_STATUS_CHANGED'])

    const { auditTrail } = await read(id)
    expect(auditTrail.totalCount).toBe(3)
    expect(auditTrail.nodes[0]).toMatchObject({ actor: 'dev-operator', requestId: expect.any(String) })
    expect(auditTrail.nodes[2].changes.status).toEqual({ before: 'PROCESSING', after: 'RESOLVED' })
    const { data } = await system.ask('admin', '{ verifyAuditChain { valid entries reason } }')
    expect(data.verifyAuditChain).toMatchObject({ valid: true, reason: null })
  })

  it('is told to those who follow it, step by step, and so is its decision', async () => {
    const url = system.stack.graphql.replace('http', 'ws')
    const client = connect(url, { authorization: `Bearer ${system.stack.tokens?.operator}` })
    const since = { after: new Date().toISOString() }
    const moves = follow(client, FOLLOWED, since)
    const decisions = follow(client, DECIDED, since)

    const id = await createAndWait(declineInput())

    const ofIssue = (events: readonly { issueId: string }[]) => events.filter(({ issueId }) => issueId === id)
    const told = () => ofIssue(moves.received.map(({ issueStatusChanged }) => issueStatusChanged))
    const decided = () => ofIssue(decisions.received.map(({ decisionMade }) => decisionMade))
    await expect.poll(told).toEqual([
      { issueId: id, from: null, to: 'PENDING', changedBy: 'dev-operator', issue: { type: 'DECLINE' } },
      { issueId: id, from: 'PENDING', to: 'PROCESSING', changedBy: 'redress:decisions', issue: { type: 'DECLINE' } },
      { issueId: id, from: 'PROCESSING', to: 'RESOLVED', changedBy: 'redress:decisions', issue: { type: 'DECLINE' } },
    ])
    const decision = { engine: 'RULES', policy: { skill: 'decline-policy' } }
    await expect
      .poll(decided)
      .toEqual([{ issueId: id, action: 'RETRY_PAYMENT', confidence: 85, routing: 'AUTO_RESOLVE', decision }])
    await client.dispose()
  })

  it('asks a person where the decision is not sure, and keeps what they made of it', async () => {
    const id = await createAndWait(dispute())
    const { version, status, decision } = await read(id)
    expect({ status, action: decision.action, routing: decision.routing }).toEqual({
      status: 'AWAITING_REVIEW',
      action: 'ESCALATE',
      routing: 'ESCALATE',
    })

    const input = { issueId: id, action: 'ACCEPT_DISPUTE', note: 'bank agrees', version }
    const { data } = await system.ask('reviewer', REVIEW, { input })

    expect(data.reviewIssue.issue).toEqual({ status: 'RESOLVED', version: 4 })
    await expect
      .poll(async () => (await read(id)).decision.review)
      .toEqual({
        action: 'ACCEPT_DISPUTE',
        agreement: 'MODIFIED',
        reviewer: 'dev-reviewer',
      })
    expect((await read(id)).resolution).toEqual({ action: 'ACCEPT_DISPUTE', by: 'dev-reviewer', note: 'bank agrees' })
  })
})

describe('creating an issue twice', () => {
  it('with one key gives one issue, however many ask at once', async () => {
    const input = declineInput()

    const answers = await Promise.all(Array.from({ length: 20 }, () => system.ask('operator', CREATE, { input })))

    const ids = answers.map(({ data }) => data.createIssue.issue.id)
    expect(new Set(ids).size).toBe(1)
  })

  it('with one key and another input is refused', async () => {
    const input = declineInput()
    await system.ask('operator', CREATE, { input })

    const codes = await codesOf('operator', CREATE, { input: { ...input, priority: 'HIGH' } })

    expect(codes).toEqual(['IDEMPOTENCY_CONFLICT'])
  })
})

describe('many issues', () => {
  it('are created row by row: what is wrong with one does not touch the others', async () => {
    const query = `mutation Rows($inputs: [CreateIssueInput!]!) {
      createIssues(inputs: $inputs) { created failed results { index issue { type } error { code path } } }
    }`
    const bad = { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: -1 } }
    const inputs = [declineInput(), declineInput({ customerId: 'nobody' }), declineInput({ details: bad }), dispute()]

    const { data } = await system.ask('operator', query, { inputs })

    expect(data.createIssues).toEqual({
      created: 2,
      failed: 2,
      results: [
        { index: 0, issue: { type: 'DECLINE' }, error: null },
        { index: 1, issue: null, error: { code: 'CUSTOMER_NOT_FOUND', path: null } },
        {
          index: 2,
          issue: null,
          error: { code: 'BAD_USER_INPUT', path: ['inputs', '2', 'details', 'decline', 'autoRetryCount'] },
        },
        { index: 3, issue: { type: 'DISPUTE' }, error: null },
      ],
    })
  })

  it('are listed page by page, newest first, each once', async () => {
    const page = `query Page($after: String) {
      issues(first: 3, after: $after, filter: { customerId: "cust_042" }) {
        nodes { id createdAt } pageInfo { hasNextPage endCursor } totalCount
      }
    }`
    const seen: { id: string; createdAt: string }[] = []
    let after: string | null = null
    for (;;) {
      const { data }: Answer = await system.ask('read_only', page, { after })
      const { issues } = data
      seen.push(...issues.nodes)
      if (!issues.pageInfo.hasNextPage) {
        expect(seen).toHaveLength(issues.totalCount)
        break
      }
      after = issues.pageInfo.endCursor
    }

    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    const moments = seen.map(({ createdAt }) => createdAt)
    expect(moments).toEqual([...moments].sort().reverse())
  })
})

describe('what is refused', () => {
  const countIssues = async () => (await system.ask('admin', '{ issues { totalCount } }')).data.issues.totalCount

  it.for<[string, object]>([
    ['CUSTOMER_NOT_FOUND', { customerId: 'cust_999' }],
    ['TRANSACTION_NOT_FOUND', { transactionId: 'txn_0' }],
    ['TRANSACTION_MISMATCH', { transactionId: 'txn_4892' }],
    ['BAD_USER_INPUT', { details: { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1000 } } }],
    ['BAD_USER_INPUT', { idempotencyKey: '' }],
    ['BAD_USER_INPUT', { details: {} }],
    [
      'BAD_USER_INPUT',
      {
        details: {
          decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
          dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 1 },
        },
      },
    ],
    ['BAD_USER_INPUT', { details: { decline: { errorCode: 'NO_SUCH_CODE', autoRetryCount: 0 } } }],
  ])('with %s leaves nothing behind (%j)', async ([code, change]) => {
    const before = await countIssues()

    const codes = await codesOf('operator', CREATE, { input: declineInput(change) })

    expect(codes).toEqual([code])
    expect(await countIssues()).toBe(before)
  })

  it('names the place of a value that is out of range', async () => {
    const details = { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1000 } }

    const { errors } = await system.ask('operator', CREATE, { input: declineInput({ details }) })

    expect(errors?.[0]?.path).toEqual(['createIssue'])
    expect(errors?.[0]?.extensions.argumentPath).toEqual(['input', 'details', 'decline', 'autoRetryCount'])
  })

  it('is every question without a token', async () => {
    expect(await codesOf(null, '{ issues { totalCount } }')).toEqual(['UNAUTHENTICATED'])
  })

  it('is creating without the permission, and the audit log for all but admins', async () => {
    expect(await codesOf('read_only', CREATE, { input: declineInput() })).toEqual(['FORBIDDEN'])
    expect(await codesOf('operator', '{ auditLog { totalCount } }')).toEqual(['FORBIDDEN'])
  })

  it('is a review of an issue that does not wait for one, of an older version, and of none', async () => {
    const resolved = await createAndWait(dispute())
    const waiting = await createAndWait(dispute())
    const review = (issueId: string, more: object = {}) =>
      codesOf('reviewer', REVIEW, { input: { issueId, action: 'CONTEST_DISPUTE', ...more } })

    expect(await review(resolved)).toEqual([])
    expect(await review(resolved)).toEqual(['INVALID_TRANSITION'])
    expect(await review(waiting, { version: 1 })).toEqual(['CONFLICT'])
    expect(await review(waiting, { action: 'SEND_REMINDER' })).toEqual(['ACTION_NOT_ALLOWED'])
    expect(await review('iss_none')).toEqual(['ISSUE_NOT_FOUND'])
  })

  it('is a retry of an issue that has not failed', async () => {
    const id = await createAndWait(declineInput())

    const codes = await codesOf('operator', `mutation { retryIssue(id: "${id}") { issue { id } } }`)

    expect(codes).toEqual(['INVALID_TRANSITION'])
  })

  it('is a subgraph asked directly', async () => {
    const { url } = system.stack.processes.issues!

    const response = await fetch(`${url}/graphql`, { method: 'POST', body: '{"query":"{ __typename }"}' })

    expect(response.status).toBe(401)
  })
})

describe('who customers are', () => {
  const personal = '{ customer(id: "cust_042") { riskScore email name } }'

  it('is told to those who may know, and that they asked is on record', async () => {
    const { data } = await system.ask('reviewer', personal)

    expect(data.customer).toMatchObject({ email: expect.stringContaining('@'), name: expect.any(String) })
    const log = `{ auditLog(filter: { action: CUSTOMER_PII_READ, actor: "dev-reviewer" }) { nodes { entityId changes } } }`
    const entries = async () => (await system.ask('admin', log)).data.auditLog.nodes
    await expect.poll(entries).toContainEqual({ entityId: 'cust_042', changes: {} })
  })

  it('is forbidden to the others, who see the rest', async () => {
    const { data, errors } = await system.ask('read_only', personal)

    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
    expect(data.customer).toEqual({ riskScore: 15, email: null, name: null })
  })
})

describe('the queues', () => {
  it('tell what waits and what was done', async () => {
    await createAndWait(declineInput({ idempotencyKey: randomUUID() }))

    const { data } = await system.ask('read_only', '{ queues { name tier paused counts { waiting active failed } } }')

    const rest = { paused: false, counts: { waiting: 0, active: 0, failed: 0 } }
    expect(data.queues).toEqual([
      { name: 'money', tier: 'CRITICAL', ...rest },
      { name: 'decisions', tier: 'CRITICAL', ...rest },
      { name: 'communication', tier: 'IMPORTANT', ...rest },
      { name: 'background', tier: 'EPHEMERAL', ...rest },
    ])
  })

  it('publish the steps of a job, and what they hold, to those who follow them', async () => {
    const url = system.stack.graphql.replace('http', 'ws')
    const client = connect(url, { authorization: `Bearer ${system.stack.tokens?.operator}` })
    const jobs = follow(client, 'subscription { jobUpdated(type: "analytics-track") { state job { queue { name } } } }')
    const queues = follow(client, 'subscription { queueChanged(name: "money") { paused queue { tier } } }')
    const add = 'mutation ($data: JSONObject!) { addJob(input: { type: "analytics-track", data: $data }) { isNew } }'

    // A subscription says nothing when it begins: there are jobs and switches until both are followed.
    const follows = async () => {
      const data = { eventType: 'page.view', timestamp: new Date().toISOString(), data: {} }
      await system.ask('operator', add, { data })
      for (const act of ['pauseQueue', 'resumeQueue']) {
        await system.ask('admin', `mutation { ${act}(name: "money", reason: "test") { queue { name } } }`)
      }
      return [jobs.received.map(({ jobUpdated }) => jobUpdated.state), queues.received.map((one) => one.queueChanged)]
    }
    await expect
      .poll(follows, { interval: 100 })
      .toEqual([
        expect.arrayContaining(['WAITING', 'COMPLETED']),
        expect.arrayContaining([{ paused: true, queue: { tier: 'CRITICAL' } }]),
      ])
    await client.dispose()
  })
})

describe('a thing that is not there', () => {
  it.for(Object.entries(ROWS_OF_FIELD))('is null in a finder, and a code for what acts: %s', async ([field, rows]) => {
    for (const row of rows) {
      const { data, errors = [] } = await system.ask('admin', toOperation(field, row))

      expect(data).toEqual({ answer: null })
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(row.answer === null ? [] : [row.answer])
    }
  })
})

describeCrashes(() => system)
