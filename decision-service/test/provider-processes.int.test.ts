import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import { expect, inject, it, onTestFinished } from 'vitest'
import { stopKeyOf } from '../src/jobs/limits/limit-keys.ts'
import { beginCounting } from '../src/jobs/limits/provider-limits.ts'

const REDIS = 36
const redis = await openTestRedis(REDIS)

/** One provider that is limited by calls at once, and one by its rate. */
const FIGURES = {
  stripe: { perSecond: 1_000, concurrent: 3, burst: 1_000, cooldownMs: 0 },
  twilio: { perSecond: 20, concurrent: 100, burst: 5, cooldownMs: 0 },
}
type Name = keyof typeof FIGURES
const CALL_MS = 30

/** A server that counts, as a provider would. */
const startProvider = async () => {
  const running: Record<Name, Set<string>> = { stripe: new Set(), twilio: new Set() }
  const arrivals: Record<Name, number[]> = { stripe: [], twilio: [] }
  const seen = { ready: 0, mostOfStripe: 0 }
  const count = (name: Name, call: string) => {
    arrivals[name].push(performance.now())
    running[name].add(call)
    seen.mostOfStripe = Math.max(seen.mostOfStripe, running.stripe.size)
    return () => running[name].delete(call)
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://provider')
    if (pathname === '/ready') {
      seen.ready++
      response.end()
      return
    }
    const end = count(pathname.slice(1) as Name, `${searchParams.get('process')} ${arrivals.stripe.length}`)
    const timer = setTimeout(() => {
      end()
      response.end()
    }, CALL_MS)
    // The caller was killed.
    response.once('close', () => {
      clearTimeout(timer)
      end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, running, arrivals, seen }
}

const startCaller = (name: string, providerUrl: string): ChildProcess => {
  const program = fileURLToPath(new URL('provider-caller.ts', import.meta.url))
  const redisUrl = `${inject('redisUrl')}/${REDIS}`
  const child = spawn(process.execPath, [program, redisUrl, providerUrl, name, JSON.stringify(FIGURES)], {
    stdio: 'inherit',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

it('a provider gets no more calls of three processes than it allows, one of which is killed during its calls', async () => {
  await beginCounting(redis)
  const stops = [stopKeyOf('stripe'), stopKeyOf('twilio')]
  for (const stop of stops) await redis.set(stop, '1')
  const { url, running, arrivals, seen } = await startProvider()
  const [killed] = ['a', 'b', 'c'].map((name) => startCaller(name, url))
  await expect.poll(() => seen.ready).toBe(3)
  const beganAt = performance.now()

  await redis.del(stops)
  const isCalledByKilled = () => [...running.stripe].some((call) => call.startsWith('a '))
  await expect.poll(isCalledByKilled, { interval: 1 }).toBe(true)
  killed!.kill('SIGKILL')

  // No room is lost: the leases of the killed process expire.
  await expect.poll(isCalledByKilled).toBe(false)
  await expect.poll(() => running.stripe.size, { interval: 1 }).toBe(3)
  const before = { stripe: arrivals.stripe.length, twilio: arrivals.twilio.length }
  await expect.poll(() => arrivals.stripe.length - before.stripe).toBeGreaterThan(30)
  await expect.poll(() => arrivals.twilio.length - before.twilio).toBeGreaterThan(30)
  expect(seen.mostOfStripe).toBe(3)
  const allowedAt = (at: number) => 5 + (20 * (at - beganAt)) / 1_000
  expect(arrivals.twilio.filter((at, earlier) => earlier + 1 > Math.ceil(allowedAt(at)))).toEqual([])
})
