import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts'

class Left extends Error {}

const breakers: Breaker[] = []
afterEach(() => {
  for (const breaker of breakers.splice(0)) breaker.close()
})

function create(openMs = 60_000) {
  const states: BreakerState[] = []
  const breaker = createBreaker({
    failuresMax: 5,
    openMs,
    isFailure: (error) => !(error instanceof Left),
    onChange: (state) => states.push(state),
  })
  breakers.push(breaker)
  let calls = 0
  const run = (error: Error | null) =>
    breaker
      .run(async () => {
        calls++
        if (error) throw error
        return 'answer'
      })
      .catch((caught: Error) => caught)
  return { breaker, states, run, calls: () => calls }
}

const down = new Error('down')

describe('a breaker', () => {
  it('is open after five failures, however much succeeds between them, and never before', async () => {
    const step = fc.constantFrom(null, down, new Left())
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { breaker, run, calls } = create()
        let failures = 0
        let entered = 0
        for (const error of steps) {
          const isOpen = failures >= 5
          expect(breaker.state()).toBe(isOpen ? 'open' : 'closed')
          if (!isOpen) entered++
          if (!isOpen && error === down) failures++
          await run(error)
        }
        expect(calls()).toBe(entered)
      }),
      { numRuns: 50 },
    )
  })

  it('passes on results and errors', async () => {
    const { run } = create()

    expect(await run(null)).toBe('answer')
    expect(await run(down)).toBe(down)
  })

  it('lets one call through after a while, and is closed when that one succeeds', async () => {
    const { breaker, states, run } = create(20)
    for (let failures = 0; failures < 5; failures++) await run(down)
    await expect.poll(() => breaker.state(), { interval: 5 }).toBe('half open')

    expect(await run(null)).toBe('answer')

    expect(breaker.state()).toBe('closed')
    expect(states).toEqual(['open', 'half open', 'closed'])
  })

  it('is open again when that one fails, and lets no other through beside it', async () => {
    const { breaker, states, run, calls } = create(20)
    for (let failures = 0; failures < 5; failures++) await run(down)
    await expect.poll(() => breaker.state(), { interval: 5 }).toBe('half open')

    await Promise.all([run(down), run(null), run(null)])

    expect(calls()).toBe(6)
    expect(states).toEqual(['open', 'half open', 'open'])
  })

  it('lets one call through when it is asked to, long before its time', async () => {
    const { breaker, states, run, calls } = create()
    for (let failures = 0; failures < 5; failures++) await run(down)

    breaker.probe()
    const outcomes = await Promise.all([run(null), run(null)])

    expect(outcomes).toEqual(['answer', expect.any(Error)])
    expect(calls()).toBe(6)
    expect(states).toEqual(['open', 'half open', 'closed'])
    expect(await run(null)).toBe('answer')
  })

  it('is open again when that call fails, and keeps waiting for one when its caller left', async () => {
    const { breaker, states, run, calls } = create()
    for (let failures = 0; failures < 5; failures++) await run(down)

    breaker.probe()
    await run(new Left())
    await run(down)
    await run(null)

    expect(calls()).toBe(7)
    expect(breaker.state()).toBe('open')
    expect(states).toEqual(['open', 'half open', 'open'])
  })

  it('stays closed when a probe fails late, after another call has closed it', async () => {
    const { breaker, states, run } = create(1)
    for (let failures = 0; failures < 5; failures++) await run(down)
    breaker.probe()
    const { promise, reject } = Promise.withResolvers<never>()
    const late = breaker.run(() => promise).catch((error: unknown) => error)
    await expect.poll(() => run(null), { interval: 1 }).toBe('answer')

    reject(down)
    await late

    expect([breaker.state(), states.at(-1)]).toEqual(['closed', 'closed'])
  })

  it('that is closed needs no probe', async () => {
    const { breaker, states } = create()

    breaker.probe()

    expect([breaker.state(), states]).toEqual(['closed', []])
  })
})
