import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openIntake } from '../src/http/intake/open-intake.ts'
import { sign } from '../src/http/intake/verify-signature.ts'
import { startTestGateway } from './gateway.ts'
import { createApiKey } from './subgraphs.ts'

const SECRET = 'a secret of this test'
const STRIPE_SECRET = 'whsec_of_this_test'
let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: {
      INGEST_SECRET: SECRET,
      STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
      RATE_LIMIT_MAX: '40',
      RATE_LIMIT_WINDOW_MS: '3600000',
    },
  })
})
afterAll(() => gateway.stop())
beforeEach(() => {
  gateway.calls.length = 0
})

const post = (path: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string>) =>
  fetch(gateway.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
const codeOf = async (response: Response) => [response.status, (await response.json()).errors[0].extensions.code]

describe('POST /ingest', () => {
  const event = { id: 'e-1', type: 'PAYMENT_CAPTURED', occurredAt: '2030-01-01T00:00:00Z', paymentExternalId: 'p-1' }
  const BODY = JSON.stringify({ events: [event] })
  const signed = (body: string, atMs = Date.now(), secret = SECRET) => sign(body, { secret, atMs })
  const key = createApiKey('INGEST')
  const ingest = (body: string, headers: Record<string, string | null> = {}) => {
    const all = { 'x-api-key': key, 'x-redress-signature': signed(body), ...headers }
    const given = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
    return post('/ingest', body, Object.fromEntries(given))
  }

  it('has the events stored as the API key, with the request id, and gives one outcome each', async () => {
    const body = JSON.stringify({ events: [event, { ...event, id: 'e-refused' }] })

    const response = await ingest(body, { 'x-request-id': 'batch-7' })

    expect(await response.json()).toEqual({
      ...{ accepted: 1, duplicates: 0, refused: 1 },
      results: [
        { index: 0, outcome: 'ACCEPTED', error: null },
        { index: 1, outcome: 'REFUSED', error: { code: 'IDEMPOTENCY_CONFLICT', message: 'Used before.', path: null } },
      ],
    })
    expect([response.status, response.headers.get('x-request-id')]).toEqual([200, 'batch-7'])
    expect(gateway.calls.map(({ context }) => [context.principal.roles, context.requestId, context.clientIp])).toEqual([
      [['ingest'], 'batch-7', '127.0.0.1'],
    ])
    expect(gateway.calls[0]!.context.principal.id).toMatch(/^api-key:/)
  })

  it('takes one of two signatures, so that a secret can be replaced', async () => {
    const old = signed(BODY, Date.now(), 'the secret of last year')
    const [, fresh] = signed(BODY).split(',')

    expect((await ingest(BODY, { 'x-redress-signature': `${old},${fresh}` })).status).toBe(200)
  })

  it.for<[string, () => string | null]>([
    ['none', () => null],
    ['one of another form', () => 'v1=00'],
    ['one of another secret', () => signed(BODY, Date.now(), 'another secret')],
    ['one of another body', () => signed(`${BODY} `)],
    ['one of more than five minutes ago', () => signed(BODY, Date.now() - 302_000)],
    ['one of the future', () => signed(BODY, Date.now() + 302_000)],
    ['one with another moment', () => signed(BODY).replace(/t=\d+/, `t=${Math.floor(Date.now() / 1_000) - 9}`)],
  ])('with %s for a signature is refused, and nothing is stored', async ([, signature]) => {
    const response = await ingest(BODY, { 'x-redress-signature': signature() })

    expect(await codeOf(response)).toEqual([401, 'UNAUTHENTICATED'])
    expect(gateway.calls).toEqual([])
  })

  it('with a signature of four minutes ago is taken', async () => {
    expect((await ingest(BODY, { 'x-redress-signature': signed(BODY, Date.now() - 240_000) })).status).toBe(200)
  })

  it('needs an API key with the permission, and is not for tokens', async () => {
    const withToken = { 'x-api-key': null, authorization: `Bearer ${gateway.token}` }
    const answers = [{ 'x-api-key': null }, { 'x-api-key': createApiKey('READ_ONLY') }, withToken]

    expect(await Promise.all(answers.map(async (headers) => codeOf(await ingest(BODY, headers))))).toEqual([
      [401, 'UNAUTHENTICATED'],
      [403, 'FORBIDDEN'],
      [401, 'UNAUTHENTICATED'],
    ])
  })

  it.for<[string, string, number, string]>([
    ['is no JSON', '{', 400, 'BAD_USER_INPUT'],
    ['has no list of events', '{"events":{}}', 400, 'BAD_USER_INPUT'],
    ['has an event of another shape', '{"events":[{"id":1e400,"type":"NONE"}]}', 400, 'BAD_USER_INPUT'],
    ['has a key of a prototype', '{"events":[{"__proto__":{"a":1},"$where":"1"}]}', 400, 'BAD_USER_INPUT'],
    ['is too large', JSON.stringify({ events: ['x'.repeat(600_000)] }), 413, 'BODY_TOO_LARGE'],
  ])('refuses a body that %s', async ([, body, status, code]) => {
    expect(await codeOf(await ingest(body))).toEqual([status, code])
    expect(gateway.calls).toEqual([])
  })

  it('is limited for each key, and takes no other method', async () => {
    const other = { 'x-api-key': createApiKey('INGEST') }
    const statuses: number[] = []
    for (let request = 0; request < 41; request++) statuses.push((await ingest(BODY, other)).status)

    expect([statuses.filter((status) => status === 200).length, statuses.at(-1)]).toEqual([40, 429])
    expect((await fetch(`${gateway.url}/ingest`)).status).toBe(405)
  })
})

describe('POST /webhooks/stripe', () => {
  const stripe = new Stripe('sk_test_unused')
  const CREATED = 1_893_456_000
  const eventOf = (type: string, object: object, change: object = {}) =>
    JSON.stringify({
      ...{ id: `evt_${type}`, object: 'event', api_version: '2026-01-28', created: CREATED, livemode: false },
      ...{ pending_webhooks: 1, request: null, type, data: { object } },
      ...change,
    })
  const CHARGE = {
    ...{ id: 'ch_1', object: 'charge', amount: 5_000, amount_captured: 5_000, amount_refunded: 0, currency: 'usd' },
    ...{ captured: true, payment_intent: 'pi_1', failure_code: null, outcome: { reason: null } },
  }
  const DISPUTE = {
    ...{ id: 'dp_1', object: 'dispute', amount: 5_000, currency: 'usd', charge: 'ch_1', payment_intent: 'pi_1' },
    ...{ reason: 'product_not_received', status: 'needs_response' },
  }
  const send = (payload: string, header: object = {}) => {
    const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: STRIPE_SECRET, ...header })
    return post('/webhooks/stripe', payload, { 'stripe-signature': signature })
  }

  it('has an event stored as Stripe before it answers', async () => {
    const response = await send(eventOf('charge.failed', CHARGE))

    expect([response.status, await response.json()]).toEqual([200, { outcome: 'ACCEPTED' }])
    expect(gateway.calls.map(({ context }) => context.principal)).toEqual([
      { id: 'webhook:stripe', roles: ['ingest'], customerId: null, tenant: 'default' },
    ])
  })

  it('acknowledges and counts an event that means nothing here, without asking for it to be stored', async () => {
    const answers = [
      await send(eventOf('customer.created', { id: 'cus_1' })),
      await send(eventOf('charge.dispute.closed', { ...DISPUTE, status: 'warning_closed' })),
    ]

    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { outcome: 'IGNORED' },
      { outcome: 'IGNORED' },
    ])
    expect(gateway.calls).toEqual([])
    expect(await gateway.metrics()).toMatch(/stripe_events_total\{outcome="ignored"\} 2/)
  })

  it('answers with an error for an event that was not stored, so that Stripe sends it again', async () => {
    const refused = await send(eventOf('charge.failed', CHARGE, { id: 'evt_refused' }))

    expect(await codeOf(refused)).toEqual([400, 'BAD_USER_INPUT'])
  })

  it.for<[string, object]>([
    ['with another secret', { secret: 'whsec_other' }],
    ['of ten minutes ago', { timestamp: Math.floor(Date.now() / 1_000) - 600 }],
    ['of another body', { payload: '{}' }],
  ])('refuses a signature %s', async ([, header]) => {
    expect(await codeOf(await send(eventOf('charge.failed', CHARGE), header))).toEqual([401, 'UNAUTHENTICATED'])
    expect(gateway.calls).toEqual([])
  })

  it('refuses an event without a signature, and one that is no JSON', async () => {
    expect(await codeOf(await post('/webhooks/stripe', eventOf('charge.failed', CHARGE), {}))).toEqual([
      401,
      'UNAUTHENTICATED',
    ])
    expect(await codeOf(await send('{'))).toEqual([400, 'BAD_USER_INPUT'])
  })

  it.for([
    'null',
    '[]',
    eventOf('charge.captured', CHARGE, { created: null }),
    eventOf('payout.paid', {}, { created: 1e300 }),
    eventOf('charge.captured', CHARGE, { data: null }),
    eventOf('charge.captured', {}, { data: { object: null } }),
  ])('refuses what is signed and is no event: %s', async (payload) => {
    expect(await codeOf(await send(payload))).toEqual([400, 'BAD_USER_INPUT'])
    expect(gateway.calls).toEqual([])
  })
})

it('there is no such address without its secret', async () => {
  const access = { authenticate: () => Promise.reject(), limiter: { consume: () => Promise.reject() } }
  const none = { noteRefusal: () => {}, ...access }
  const options = { serviceUrl: 'http://issues', signToken: () => 'token', timeoutMs: 1, access: none }
  const routes = await openIntake({ ...options, ingestSecret: null, stripeSecret: null, registry: null as never })

  expect(routes).toEqual({})
})
