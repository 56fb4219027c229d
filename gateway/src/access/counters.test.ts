import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type Count, type Counters, createLocalCounters, createSteadyCounters } from './counters.ts'

const START = Date.parse('2030-01-01T00:00:00Z')
const add = { key: 'ada', points: 1, windowMs: 60_000 }

/** Steady counters over a Redis that answers, refuses or says nothing, and what was logged. */
function steady() {
  const world = { ms: START, asked: 0, redis: 'answers' as 'answers' | 'refuses' | 'is silent' }
  const now = () => world.ms
  const local = createLocalCounters(now)
  const answer = async (count: () => Count): Promise<Count> => {
    world.asked++
    if (world.redis === 'refuses') throw new Error('no connection')
    if (world.redis === 'is silent') return new Promise(() => undefined)
    return { ...count(), degraded: false }
  }
  const shared: Counters = {
    add: (added) => answer(() => local.add(added)),
    read: (key) => answer(() => local.read(key)!),
  }
  const logged: string[] = []
  const logger = pino({ base: null }, { write: (line: string) => logged.push(JSON.parse(line).msg) })
  return { world, logged, counters: createSteadyCounters({ shared, logger, now, timeoutMs: 5 }) }
}

describe('counting', () => {
  it.for(['refuses', 'is silent'] as const)(
    'goes on in this process where Redis %s, and says so once',
    async (redis) => {
      const { world, logged, counters } = steady()
      await counters.add(add)
      world.redis = redis

      const first = await counters.add(add)
      const second = counters.add(add)

      expect([first, second]).toMatchObject([
        { counted: 1, degraded: true },
        { counted: 2, degraded: true },
      ])
      expect(second).not.toBeInstanceOf(Promise)
      expect(logged).toEqual(['rate limits are counted by this process alone'])
    },
  )

  it('tries Redis again once a second, and returns to it when it answers', async () => {
    const { world, logged, counters } = steady()
    world.redis = 'refuses'
    await counters.add(add)
    counters.add(add)
    expect(world.asked).toBe(1)

    world.ms += 1_000
    const [asked, meanwhile] = [counters.add(add), counters.add(add)]
    await asked
    expect([world.asked, meanwhile instanceof Promise]).toEqual([2, false])

    world.redis = 'answers'
    world.ms += 1_000
    expect(await counters.add(add)).toMatchObject({ counted: 1, degraded: false })
    expect(logged).toEqual(['rate limits are counted by this process alone', 'rate limits are shared again'])
  })

  it('waits for an answer that is there, however busy this process was', async () => {
    const { counters } = steady()
    const answer = counters.add(add)
    for (const until = performance.now() + 20; performance.now() < until; );

    expect(await answer).toMatchObject({ degraded: false })
  })

  it('begins a window with the first point, and forgets it at its end', () => {
    const clock = { ms: START }
    const local = createLocalCounters(() => clock.ms)

    expect(local.read('ada')).toBeNull()
    expect(local.add(add)).toMatchObject({ counted: 1, endsAt: START + 60_000 })
    clock.ms += 59_999
    expect(local.add(add)).toMatchObject({ counted: 2, endsAt: START + 60_000 })
    clock.ms += 1
    expect(local.read('ada')).toBeNull()
    expect(local.add(add)).toMatchObject({ counted: 1, endsAt: START + 120_000 })
  })
})
