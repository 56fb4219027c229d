import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caller } from './caller.ts'
import { type Counters, createLocalCounters } from './counters.ts'
import { RateLimitedError } from './errors.ts'
import { createRateLimiter, pushHeaders, type RateLimiter, type RateVerdict } from './rate-limit.ts'

const START = Date.parse('2030-01-01T00:00:00Z')
const callerOf = (id: string, requestsPerMinute: number | null = null, tenant = 'default'): Caller => ({
  principal: { id, roles: [], customerId: null, tenant },
  scope: '',
  expiresAt: null,
  requestsPerMinute,
  isStillValid: () => true,
})
const ada = callerOf('ada')

/** The counter that all processes share, in place of Redis; `asked` is the number of calls. */
function createShared(now: () => number) {
  const local = createLocalCounters(now)
  const shared = {
    asked: 0,
    counted: (key: string) => local.read(key)?.counted ?? 0,
    counters: {
      async add(added) {
        shared.asked++
        return { ...local.add(added), degraded: false }
      },
      read: local.read,
    } satisfies Counters,
  }
  return shared
}

function oneGateway(max = 100) {
  const clock = { ms: START }
  const now = () => clock.ms
  const shared = createShared(now)
  return { clock, shared, ...createRateLimiter({ counters: shared.counters, general: { max, windowMs: 60_000 }, now }) }
}

async function consumeInTurn({ consume }: RateLimiter, times: number, caller = ada): Promise<RateVerdict[]> {
  const verdicts: RateVerdict[] = []
  for (let time = 0; time < times; time++) verdicts.push(await consume(caller, 'general'))
  return verdicts
}
const countAllowed = (verdicts: readonly RateVerdict[]) => verdicts.filter(({ allowed }) => allowed).length

function headersOf(verdict: RateVerdict): Record<string, string> {
  const headers: string[] = []
  pushHeaders(headers, verdict)
  return Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]!]] : [])))
}

describe('a limit', () => {
  it('is given exactly, and counts down by one', async () => {
    const verdicts = await consumeInTurn(oneGateway(100), 101)

    expect(verdicts.map(({ remaining }) => remaining)).toEqual([...Array.from({ length: 100 }, (_, n) => 99 - n), 0])
    expect(verdicts[99]).toEqual({ allowed: true, limit: 100, remaining: 0, resetMs: 60_000, degraded: false })
    expect(verdicts[100]).toEqual({ allowed: false, limit: 100, remaining: 0, resetMs: 60_000, degraded: false })
  })

  it('needs few calls to the shared count, and none once it is reached', async () => {
    const gateway = oneGateway(1_000)
    await consumeInTurn(gateway, 1_000)
    const { asked } = gateway.shared
    await consumeInTurn(gateway, 1_000)

    expect(asked).toBeLessThan(60)
    expect(gateway.shared.asked).toBe(asked)
  })

  it('is answered for without a promise while there are points in hand', async () => {
    const { consume } = oneGateway(100)
    await consume(ada, 'general')
    const answers = [consume(ada, 'general')]
    await answers[0]
    for (let time = 0; time < 9; time++) answers.push(consume(ada, 'general'))

    expect(answers.map((answer) => answer instanceof Promise)).toEqual([true, ...Array(9).fill(false)])
  })

  it('is not used up by gateways that start one after the other and get few requests', async () => {
    const now = () => START
    const { counters } = createShared(now)
    const verdicts: RateVerdict[] = []
    for (let start = 0; start < 40; start++) {
      const gateway = createRateLimiter({ counters, general: { max: 1_000, windowMs: 60_000 }, now })
      verdicts.push(...(await consumeInTurn(gateway, 2)))
    }

    expect(countAllowed(verdicts)).toBe(80)
  })

  it('is whole again when its window ends', async () => {
    const gateway = oneGateway(10)
    await consumeInTurn(gateway, 11)
    gateway.clock.ms += 60_000

    expect(countAllowed(await consumeInTurn(gateway, 11))).toBe(10)
  })

  it('is each principal’s own, whatever token they come with', async () => {
    const gateway = oneGateway(10)

    expect(countAllowed(await consumeInTurn(gateway, 6))).toBe(6)
    expect(countAllowed(await consumeInTurn(gateway, 6, callerOf('ada')))).toBe(4)
    expect(countAllowed(await consumeInTurn(gateway, 11, callerOf('bob')))).toBe(10)
  })

  it('is the caller’s own among those of all tenants', async () => {
    const { consume } = oneGateway(1)

    const verdicts = [
      await consume(ada, 'general'),
      await consume(callerOf('ada', null, 'acme'), 'general'),
      await consume(ada, 'general'),
    ]

    expect(verdicts.map(({ allowed }) => allowed)).toEqual([true, true, false])
  })

  it('is the key’s own where it has one', async () => {
    expect(countAllowed(await consumeInTurn(oneGateway(10), 30, callerOf('api-key:1', 25)))).toBe(25)
  })

  it('is 60 a minute for queues, besides the general one', async () => {
    const { consume } = oneGateway(100)
    const verdicts = await Promise.all(Array.from({ length: 70 }, () => consume(ada, 'queues')))

    expect([countAllowed(verdicts), verdicts[0]?.limit]).toEqual([60, 60])
    expect(await consume(ada, 'general')).toMatchObject({ allowed: true, remaining: 99 })
  })

  it('is never exceeded by all gateways together, and refuses no request before it is used up', () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
        async (scheduler, max, requests) => {
          const shared = createShared(() => START)
          // Answers of Redis reach the gateways in any order.
          const counters = { ...shared.counters, add: scheduler.scheduleFunction(shared.counters.add) }
          const general = { max, windowMs: 60_000 }
          let refusedEarly = false
          const ask = async ({ consume }: RateLimiter) => {
            const verdict = await consume(ada, 'general')
            if (!verdict.allowed && shared.counted('general:default:ada') < max) refusedEarly = true
            return verdict
          }

          const asked = requests.flatMap((times) => {
            const gateway = createRateLimiter({ counters, general, now: () => START })
            return Array.from({ length: times }, () => ask(gateway))
          })
          await scheduler.waitFor(Promise.all(asked))

          const allowed = countAllowed(await Promise.all(asked))
          expect(allowed).toBeLessThanOrEqual(max)
          if (requests.length === 1) expect(allowed).toBe(Math.min(max, requests[0]!))
          expect(refusedEarly).toBe(false)
        },
      ),
      { numRuns: 60 },
    ))

  it('is never exceeded in one window of the shared count, whatever the time between requests', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ gateway: fc.nat(2), afterMs: fc.nat(9_000) }), { maxLength: 120 }),
        async (requests) => {
          const clock = { ms: START }
          const { counters } = createShared(() => clock.ms)
          const general = { max: 12, windowMs: 60_000 }
          const gateways = [0, 1, 2].map(() => createRateLimiter({ counters, general, now: () => clock.ms }))

          const allowed = new Map<number, number>()
          for (const { gateway, afterMs } of requests) {
            clock.ms += afterMs
            const verdict = await gateways[gateway]!.consume(ada, 'general')
            const endsAt = clock.ms + verdict.resetMs
            if (verdict.allowed) allowed.set(endsAt, (allowed.get(endsAt) ?? 0) + 1)
          }

          expect(Math.max(0, ...allowed.values())).toBeLessThanOrEqual(12)
        },
      ),
      { numRuns: 50 },
    ))
})

describe('an answer', () => {
  const verdict = { allowed: true, limit: 100, remaining: 7, resetMs: 1_200, degraded: false }

  it('has the remaining points of the limit', () => {
    expect(headersOf(verdict)).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '7',
      'x-ratelimit-reset': '2',
    })
  })

  it('that refuses says when to retry', () => {
    expect(headersOf({ ...verdict, allowed: false, remaining: 0 })).toMatchObject({ 'retry-after': '2' })
    expect(new RateLimitedError({ ...verdict, allowed: false })).toMatchObject({
      code: 'RATE_LIMITED',
      kind: 'limited',
      facts: { limit: 100, retryAfterSeconds: 2 },
    })
  })
})
