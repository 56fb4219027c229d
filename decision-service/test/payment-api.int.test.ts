import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { readMetrics } from '@redress/shared/testing/read-metrics.ts'
import { openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { createTokenBucket } from '../src/jobs/redis/token-bucket.ts'
import { createPaymentLoaders } from '../src/payments/inbound/payment-loaders.ts'
import { createPaymentMetrics } from '../src/payments/inbound/payment-metrics.ts'
import { createPaymentResolvers } from '../src/payments/inbound/payment-resolvers.ts'
import { createPaymentTurns } from '../src/payments/outbound/payment-turns.ts'
import { createRuleResolvers } from '../src/payments/rules/rule-resolvers.ts'
import { PAYMENTS_PER_SECOND } from '../src/payments/use-cases/decide-payment.ts'
import { openIssuesSubgraph } from './issues-subgraph.ts'
import { NOW, openPayments, paymentOf } from './payments.ts'

const REDIS = 22
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const captured = { amount: { amount: 100_000, currency: 'USD' }, status: 'CAPTURED' }
const issues = await openIssuesSubgraph({
  cust_1: { riskScore: 10, transactions: [captured], issues: [] },
  cust_2: { riskScore: 60, transactions: [captured], issues: [] },
  cust_busy: { riskScore: 10, transactions: [captured], issues: [] },
})
afterAll(issues.close)

const metrics = createMetrics({ token: null })
/** As in production, but no token comes back before the end of the tests. */
const take = createTokenBucket({ redis, prefix: 'payments', ratePerSecond: 0.001, burst: PAYMENTS_PER_SECOND })
const payments = await openPayments({
  mongo,
  db,
  issuesUrl: issues.url,
  takeTurn: createPaymentTurns({ take, logger: silent }),
  onDecided: createPaymentMetrics(metrics).decided,
})
afterAll(payments.close)
const ofPayments = createPaymentResolvers({ ...payments, now: () => NOW })
const ofRules = createRuleResolvers(payments)
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: {
    ...ofPayments,
    Query: { ...ofPayments.Query, ...ofRules.Query },
    Mutation: { ...ofPayments.Mutation, ...ofRules.Mutation },
  },
  createLoaders: () => createPaymentLoaders(payments.views),
  verifyToken,
  checks: {},
  port: 0,
  host: '127.0.0.1',
  logger: silent,
})
afterAll(subgraph.close)

const operator = await tokenOf(withRole('operator'))
const reader = await tokenOf(withRole('read_only'))
const askAs = (token: string, query: string, variables: object = {}) => ask(subgraph.url, { query, variables, token })

const PAYMENT =
  'id customerId payeeId amount { amount currency } verdict reasons case { id } requestId decidedAt expiresAt settlement { status }'
const DECIDE = `mutation ($input: DecidePaymentInput!) {
  decidePayment(input: $input) {
    payment { ${PAYMENT} } verdict reasons trace { name attempt ok error durationMs output } requestId
  }
}`
const decide = (input: object, token = operator) => askAs(token, DECIDE, { input })
const codesOf = ({ errors }: Awaited<ReturnType<typeof ask>>) => errors.map(({ extensions }) => extensions.code)

describe('decidePayment', () => {
  it('returns verdict, reasons, trace and request, and stores all of it', async () => {
    const answer = await decide(paymentOf('cust_2'))

    const { payment, verdict, reasons, trace, requestId } = answer.data.decidePayment
    expect({ verdict, reasons, requestId }).toEqual({
      verdict: 'REVIEW',
      reasons: ['RISK_ELEVATED: The risk score is 60.'],
      requestId: payment.requestId,
    })
    expect(payment).toMatchObject({
      customerId: 'cust_2',
      amount: { amount: 1_000, currency: 'USD' },
      case: { id: `iss_of_${payment.id}` },
      decidedAt: '2030-06-15T12:00:00.000Z',
      expiresAt: '2030-06-22T12:00:00.000Z',
      settlement: null,
    })
    expect(trace.map(({ name }: { name: string }) => name)).toEqual([
      'plan',
      'getBalance',
      'getRiskSignals',
      'decide',
      'createCase',
    ])
    const read = await askAs(reader, `query ($id: ID!) { paymentDecision(id: $id) { ${PAYMENT} } }`, payment)
    expect(read.data.paymentDecision).toEqual(payment)
  })

  it('is refused with read permission only', async () => {
    expect(codesOf(await decide(paymentOf('cust_1'), reader))).toEqual(['FORBIDDEN'])
  })

  it('is refused without a key, naming the place', async () => {
    const answer = await decide(paymentOf('cust_1', { idempotencyKey: ' ' }))

    const path = ['input', 'idempotencyKey']
    expect(answer.errors[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      argumentPath: path,
      problems: [{ code: 'BAD_USER_INPUT', path, message: 'must have 1 to 200 characters' }],
    })
  })

  it('is limited to five at once per customer, and says when to retry; other customers go on', async () => {
    const crowd = Array.from({ length: 7 }, () => decide(paymentOf('cust_busy')))
    const answers = await Promise.all(crowd)
    const other = await decide(paymentOf('cust_1'))

    const refused = answers.filter(({ errors }) => errors.length > 0)
    expect(refused).toHaveLength(2)
    expect(refused[0]?.errors[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) })
    expect(other.data.decidePayment.verdict).toBe('ALLOW')
  })
})

describe('paymentDecisions', () => {
  it('lists the decided payments of a customer, newest first, and counts them', async () => {
    const first = (await decide(paymentOf('cust_2'))).data.decidePayment.payment
    const query = `query ($filter: PaymentDecisionFilter, $first: Int) { paymentDecisions(filter: $filter, first: $first) {
      nodes { id verdict } totalCount } }`
    const filter = { customerId: 'cust_2', verdict: ['REVIEW'], from: NOW, to: new Date(NOW.getTime() + 1) }

    const { data } = await askAs(reader, query, { filter })
    const counted = await askAs(reader, query, { filter, first: 0 })
    const none = await askAs(reader, query, { filter: { ...filter, to: NOW } })

    expect(data.paymentDecisions.nodes).toContainEqual({ id: first.id, verdict: 'REVIEW' })
    expect(counted.data.paymentDecisions).toEqual({ nodes: [], totalCount: data.paymentDecisions.nodes.length })
    expect(none.data.paymentDecisions).toEqual({ nodes: [], totalCount: 0 })
  })
})

describe('serviceMetrics', () => {
  it('counts the verdicts of the last day, and how long they took', async () => {
    const at = (ms: number) => new Date(NOW.getTime() - ms)
    const stored = (verdict: 'ALLOW' | 'REVIEW' | 'BLOCK', durationMs: number, decidedAt = at(0)) => ({
      ...{
        _id: `pay_${verdict}_${durationMs}`,
        digest: 'd',
        customerId: 'cust_0',
        payeeId: 'p',
        requestedAt: decidedAt,
      },
      ...{ amount: { amount: 1, currency: 'USD' }, status: 'DECIDED' as const, reasons: [], trace: [], caseId: null },
      ...{ verdict, durationMs, decidedAt, requestId: 'r' },
    })
    const { payments: collection } = payments.collections
    await collection.deleteMany({ customerId: { $in: ['cust_0', 'cust_1', 'cust_2', 'cust_busy'] } })
    const hundred = Array.from({ length: 98 }, (_, index) => stored('ALLOW', index + 1))
    const yesterday = stored('BLOCK', 9_999, at(86_400_001))
    await collection.insertMany([...hundred, stored('REVIEW', 99), stored('BLOCK', 100), yesterday])

    const { data } = await askAs(
      reader,
      '{ serviceMetrics { totalRequests decisionCounts { allow review block } p95Latency } }',
    )

    expect(data.serviceMetrics).toEqual({
      totalRequests: 100,
      decisionCounts: { allow: 98, review: 1, block: 1 },
      p95Latency: 95,
    })
  })

  it('are those of Prometheus as well, by verdict', async () => {
    await payments.decidePayment({
      input: paymentOf('cust_2'),
      caller: { actor: 'ada', requestId: 'r', ip: null, tenant: 'default', token: operator },
    })

    const lines = await readMetrics(metrics, 'payment_decisions_total')

    expect(lines).toContainEqual(expect.stringMatching(/^payment_decisions_total\{verdict="REVIEW"\} [1-9]/))
    expect(lines).toContain('payment_decisions_total{verdict="BLOCK"} 0')
  })
})

describe('upsertRule', () => {
  const UPSERT = `mutation ($input: UpsertRuleInput!) {
    upsertRule(input: $input) { rule { id subject when severity verdict enabled version changedBy } }
  }`
  const rule = { id: 'large', description: 'Large ones', subject: 'PAYMENT', when: { amount: { gte: 5 } } }

  it('writes a rule that readers find', async () => {
    const written = await askAs(operator, UPSERT, { input: rule })

    expect(written.data.upsertRule.rule).toEqual({
      ...{ id: 'large', subject: 'PAYMENT', when: { amount: { gte: 5 } }, severity: 'WARNING', verdict: null },
      ...{ enabled: true, version: 1, changedBy: 'a-operator' },
    })
    const { data } = await askAs(reader, '{ rules { id version } }')
    expect(data.rules).toEqual([{ id: 'large', version: 1 }])
  })

  it('says what is wrong with a rule, and where', async () => {
    const answer = await askAs(operator, UPSERT, { input: { ...rule, verdict: 'ALLOW', when: { amount: 'much' } } })

    expect(answer.errors[0]?.extensions).toEqual({
      code: 'RULE_REFUSED',
      argumentPath: ['input', 'verdict'],
      problems: [
        { code: 'RULE_REFUSED', path: ['input', 'verdict'], message: 'must be REVIEW or BLOCK' },
        { code: 'RULE_REFUSED', path: ['input', 'when', 'amount'], message: 'cannot be "much": amount is a number' },
      ],
    })
  })

  it('is refused with read permission only', async () => {
    expect(codesOf(await askAs(reader, UPSERT, { input: rule }))).toEqual(['FORBIDDEN'])
  })
})
