import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { readMetrics } from '@redress/shared/testing/read-metrics.ts'
import { openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { COLLECTIONS } from '../src/collections.ts'
import { createReadStopped } from '../src/jobs/limits/mongo-switches.ts'
import { openLimitActs, openLimits } from '../src/jobs/limits/open-limits.ts'
import type { Held, Lease } from '../src/jobs/limits/ports.ts'
import { PROVIDER_NAMES, PROVIDERS, type ProviderTarget } from '../src/jobs/limits/providers.ts'
import { startStopWatch } from '../src/jobs/limits/stop-watch.ts'

const redis = await openTestRedis(60)
const { mongo, db } = await openTestDatabase()
const collections = await openCollections(db, COLLECTIONS)
const metrics = createMetrics({ token: null })
const resources = new AsyncDisposableStack()
const outbox = createOutbox(db, () => {})
const stores = { mongo, redis, collections, outbox, metrics, resources, logger: silent }
const limits = await openLimits(stores, { figures: PROVIDERS })
const acts = openLimitActs(stores, { figures: PROVIDERS }, () => true)
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: acts.resolvers as never,
  createLoaders: () => ({}),
  verifyToken,
  checks: {},
  port: 0,
  host: '127.0.0.1',
  logger: silent,
})
afterAll(async () => {
  await subgraph.close()
  await resources.disposeAsync()
})
const [admin, operator] = await Promise.all((['admin', 'operator'] as const).map((role) => tokenOf(withRole(role))))

const STOPS = 'limits { provider stops { target reason actor } }'
const stop = (variables: object, token = admin!) =>
  ask(subgraph.url, {
    query: `mutation ($providers: [String!], $confirm: String!, $reason: String! = "Doubled.") {
      emergencyStop(providers: $providers, confirm: $confirm, reason: $reason) { ${STOPS} } }`,
    variables,
    token,
  })
const resume = (variables: object = {}, token = admin!) =>
  ask(subgraph.url, {
    query: `mutation ($providers: [String!]) {
      resumeProviders(providers: $providers, reason: "Mended.") { ${STOPS} } }`,
    variables,
    token,
  })
const reset = (provider: string, token = admin!) =>
  ask(subgraph.url, {
    query: `mutation ($provider: String!) { resetProviderLimit(provider: $provider, reason: "Wrong figures.") {
      limit { provider tokensAvailable concurrent rateLimited } } }`,
    variables: { provider },
    token,
  })
const stopsOf = async () => {
  const stopped = await createReadStopped(collections)()
  return stopped.map(({ target }) => target).sort()
}
const reasonOf = (acquired: Lease | Held) => ('release' in acquired ? 'allowed' : acquired.reason)
/** Asks for a call, and gives back its room. */
const call = async (target: ProviderTarget) => {
  const acquired = await limits.acquire(target)
  if ('release' in acquired) await acquired.release()
  return reasonOf(acquired)
}
const codeOf = ({ errors }: Awaited<ReturnType<typeof stop>>) => errors[0]?.extensions.code

beforeEach(async () => {
  await resume()
  await expect.poll(() => call('stripe')).toBe('allowed')
  const reasons = () => Promise.all(PROVIDER_NAMES.map((provider) => call(provider)))
  await expect.poll(reasons).not.toContain('PROVIDER_STOPPED')
})

describe('an emergency stop', () => {
  it('holds every call of every process from its answer on, and lets those under way end', async () => {
    const running = await limits.acquire('stripe')

    const { data } = await stop({ confirm: 'ALL' })

    expect(data.emergencyStop.limits.flatMap(({ stops }: { stops: { target: string }[] }) => stops)).toHaveLength(6)
    expect([await call('stripe:charges'), await call('twilio'), await call('anthropic')]).toEqual([
      'PROVIDER_STOPPED',
      'PROVIDER_STOPPED',
      'PROVIDER_STOPPED',
    ])
    if ('release' in running) await running.release()
  })

  it('of one operation leaves the others alone', async () => {
    await stop({ providers: ['stripe:refunds'], confirm: 'stripe:refunds' })

    expect([await call('stripe:refunds'), await call('stripe:charges')]).toEqual(['PROVIDER_STOPPED', 'allowed'])
  })

  it('holds although Redis has lost everything', async () => {
    const watch = await startStopWatch({ readStopped: createReadStopped(collections), pollMs: 5, logger: silent })
    onTestFinished(watch.stop)
    await stop({ providers: ['square'], confirm: 'square' })
    await expect.poll(() => watch.stateOf('square')).toBe('stopped')

    await redis.flushDb()

    expect(watch.stateOf('square')).toBe('stopped')
    await expect.poll(() => call('square')).toBe('PROVIDER_STOPPED')
  })

  it('is on record with its caller and reason, begins an alert, and ends it', async () => {
    await stop({ providers: ['sendgrid'], confirm: 'sendgrid', reason: 'Mails to ada@example.org twice.' })
    await stop({ providers: ['sendgrid'], confirm: 'sendgrid' })
    await resume({ providers: ['sendgrid'] })

    const events = (await outboxEvents(db)).filter(({ entity }) => entity.id === 'sendgrid').slice(-4)
    expect(events.map(({ type }) => type)).toEqual([
      'provider.stopped',
      'alert.raised',
      'provider.resumed',
      'alert.resolved',
    ])
    expect(events[0]).toMatchObject({ actor: 'a-admin', data: { provider: 'sendgrid' } })
    expect(JSON.stringify(events)).not.toContain('ada@example.org')
    expect(events[3]!.data).toMatchObject({ raised: events[1]!.id })
  })

  it.for([
    ['no confirmation of all', { confirm: '' }, 'BAD_USER_INPUT'],
    ['another confirmation', { confirm: 'all' }, 'CONFIRMATION_MISMATCH'],
    ['the confirmation of another provider', { providers: ['stripe'], confirm: 'twilio' }, 'CONFIRMATION_MISMATCH'],
    ['ALL for one provider', { providers: ['stripe'], confirm: 'ALL' }, 'CONFIRMATION_MISMATCH'],
    ['an unknown provider', { providers: ['paypal'], confirm: 'paypal' }, 'PROVIDER_NOT_FOUND'],
    ['an unknown operation', { providers: ['stripe:sms'], confirm: 'stripe:sms' }, 'PROVIDER_NOT_FOUND'],
    ['no provider at all', { providers: [], confirm: 'ALL' }, 'BAD_USER_INPUT'],
    ['no reason', { confirm: 'ALL', reason: ' ' }, 'BAD_USER_INPUT'],
  ] as const)('is refused with %s', async ([, variables, code]) => {
    expect(codeOf(await stop(variables))).toBe(code)
    expect(await stopsOf()).toEqual([])
  })

  it('is for admins', async () => {
    expect(codeOf(await stop({ confirm: 'ALL' }, operator))).toBe('FORBIDDEN')
    expect(codeOf(await resume({}, operator))).toBe('FORBIDDEN')
    expect(codeOf(await reset('stripe', operator))).toBe('FORBIDDEN')
  })
})

describe('a resumption', () => {
  it('of a provider is one of its operations, too', async () => {
    await stop({ providers: ['twilio:sms', 'twilio', 'square'], confirm: 'twilio:sms,twilio,square' })

    await resume({ providers: ['twilio'] })

    expect(await stopsOf()).toEqual(['square'])
    await expect.poll(() => call('twilio:sms')).toBe('allowed')
  })

  it('of an operation is refused while its whole provider is stopped', async () => {
    await stop({ providers: ['stripe'], confirm: 'stripe' })

    expect(codeOf(await resume({ providers: ['stripe:refunds'] }))).toBe('PROVIDER_STOPPED')
    expect(codeOf(await resume({ providers: ['stripe:sms'] }))).toBe('PROVIDER_NOT_FOUND')
    expect(await stopsOf()).toEqual(['stripe'])
  })
})

describe('the limits of a provider', () => {
  const QUERY = `{ providerLimits {
    provider operations config { maxPerSecond maxConcurrent burstSize cooldownMs }
    tokensAvailable concurrent lastCallAt rateLimited waitTimeMs waitTimeSeconds breakerOpen stops { target } } }`
  const read = async () => {
    const { data } = await ask(subgraph.url, { query: QUERY, token: operator! })
    return Object.fromEntries(data.providerLimits.map((limit: { provider: string }) => [limit.provider, limit]))
  }

  it('are shown with what is left of them', async () => {
    await reset('twilio')
    for (let calls = 0; calls < 2; calls++) await limits.acquire('twilio')

    const { twilio } = await read()

    expect(twilio).toMatchObject({
      operations: ['sms', 'voice', 'verify'],
      config: { maxPerSecond: 1, maxConcurrent: 5, burstSize: 10, cooldownMs: 5_000 },
      concurrent: 2,
      rateLimited: false,
      waitTimeMs: 0,
      waitTimeSeconds: 0,
      breakerOpen: false,
    })
    expect(twilio.tokensAvailable).toBeGreaterThanOrEqual(8)
    expect(twilio.tokensAvailable).toBeLessThanOrEqual(10)
  })

  it('show how long a call has to wait, in seconds rounded up', async () => {
    await limits.acquire('anthropic', 5)
    await redis.hSet('provider-limits:anthropic:state', 'tokens', '-99')

    const { anthropic } = await read()

    // Half a token comes back each second.
    expect(anthropic.rateLimited).toBe(true)
    expect(anthropic.waitTimeMs).toBeLessThanOrEqual(200_000)
    expect(anthropic.waitTimeMs).toBeGreaterThan(100_000)
    expect(anthropic.waitTimeSeconds).toBe(Math.ceil(anthropic.waitTimeMs / 1_000))
  })

  it('are reset by an admin, on record', async () => {
    await limits.acquire('sendgrid', 100)

    const { data } = await reset('sendgrid')

    expect(data.resetProviderLimit.limit).toMatchObject({ provider: 'sendgrid', tokensAvailable: 100, concurrent: 0 })
    const events = (await outboxEvents(db)).filter(({ type }) => type === 'provider.limit_reset')
    expect(events.at(-1)).toMatchObject({ actor: 'a-admin', data: { provider: 'sendgrid', reason: 'Wrong figures.' } })
    expect(codeOf(await reset('paypal'))).toBe('PROVIDER_NOT_FOUND')
    // It would reset the whole provider, whose counts it shares.
    expect(codeOf(await reset('stripe:refunds'))).toBe('PROVIDER_NOT_FOUND')
  })

  it('are measured', async () => {
    await reset('square')
    expect(await call('square')).toBe('allowed')
    await stop({ providers: ['square'], confirm: 'square' })

    const lines = await readMetrics(metrics, 'provider_')

    expect(lines).toEqual(
      expect.arrayContaining([
        'provider_stopped{provider="square"} 1',
        'provider_stopped{provider="internal"} 0',
        'provider_breaker_open{provider="square"} 0',
        'provider_calls_active{provider="square"} 0',
        expect.stringMatching(/^provider_tokens_available\{provider="square"\} \d/),
        expect.stringMatching(/^provider_calls_total\{provider="square",result="allowed"\} [1-9]/),
      ]),
    )
  })
})
