import { randomUUID } from 'node:crypto'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { keysOf } from './limit-keys.ts'
import type { CallOutcome, Lease, ProviderLimits } from './ports.ts'
import { beginCounting, createProviderLimits } from './provider-limits.ts'
import { PROVIDERS } from './providers.ts'

const REDIS = 63
const redis = await openTestRedis(REDIS)
const connections = await Promise.all([1, 2, 3].map(() => connectTestRedis(REDIS)))
afterAll(() => {
  for (const connection of connections) connection.destroy()
})

const PROCESSES = fc.nat({ max: connections.length - 1 })
const STEPS = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('call' as const),
        process: PROCESSES,
        target: fc.constantFrom('stripe' as const, 'stripe:refunds' as const),
        tokens: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        nth: fc.nat({ max: 20 }),
        outcome: fc.constantFrom<CallOutcome | undefined>('ok', 'failed', undefined, { rateLimitedMs: 1 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), process: PROCESSES }) },
  ),
  { minLength: 20, maxLength: 60 },
)
const FIGURES = fc.record({
  perSecond: fc.integer({ min: 50, max: 2_000 }),
  concurrent: fc.integer({ min: 1, max: 6 }),
  burst: fc.integer({ min: 3, max: 20 }),
  cooldownMs: fc.constant(1),
})

type Call = Readonly<{ process: number; id: string; lease: Lease }>
/** In whole milliseconds, as the scripts count. */
const redisMs = async () => {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
}

it('whatever processes do, and whichever of them crash, a provider gets no more calls than it allows', async () => {
  await fc.assert(
    fc.asyncProperty(FIGURES, STEPS, async (stripe, steps) => {
      const prefix = `limits-${randomUUID()}`
      const { leases } = keysOf('stripe', prefix)
      await beginCounting(redis, prefix)
      const open = (index: number): ProviderLimits =>
        createProviderLimits({
          redis: connections[index]!,
          prefix,
          figures: { ...PROVIDERS, stripe },
          breaker: { failuresMax: 4, openMs: 2 },
          logger: silent,
        })
      const processes = connections.map((_, index) => open(index))
      let running: readonly Call[] = []
      let tokens = 0
      const beganMs = await redisMs()

      for (const step of steps) {
        if (step.kind === 'call') {
          const acquired = await processes[step.process]!.acquire(step.target, step.tokens)
          if (!('release' in acquired)) continue
          const id = (await redis.zRange(leases, 0, -1)).find((one) => !running.some((call) => call.id === one))!
          running = [...running, { process: step.process, id, lease: acquired }]
          tokens += step.tokens
          expect(running.length).toBeLessThanOrEqual(stripe.concurrent)
          const elapsedSeconds = ((await redisMs()) - beganMs) / 1_000
          expect(tokens).toBeLessThanOrEqual(stripe.burst + stripe.perSecond * elapsedSeconds + 0.001)
        } else if (step.kind === 'end') {
          const call = running[step.nth % Math.max(1, running.length)]
          running = running.filter((one) => one !== call)
          await call?.lease.release(step.outcome)
        } else {
          const lost = running.filter(({ process }) => process === step.process)
          running = running.filter((one) => !lost.includes(one))
          processes[step.process] = open(step.process)
          // Nothing renews their leases any more, and they have expired.
          for (const { id, lease } of lost) {
            await lease.release()
            await redis.zAdd(leases, { score: 1, value: id })
          }
        }
      }
      await Promise.all(running.map(({ lease }) => lease.release()))
      expect(await redis.zCount(leases, await redisMs(), '+inf')).toBe(0)
    }),
  )
})
