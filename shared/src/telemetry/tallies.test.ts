import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createCounters, createGauges, createHistograms, perName } from './tallies.ts'

const textOf = async (registry: Registry) => (await registry.metrics()).trim().split('\n')

describe('counters', () => {
  it('are read as Prometheus reads counters, one line for each set of labels', async () => {
    const registry = new Registry()
    const visits = createCounters(registry, { name: 'visits_total', help: 'Visits', labels: ['door', 'result'] })
    const front = visits('front', 'ok')
    visits('back "door"', 'ok').add(3)

    front.add()
    front.add()

    expect(await textOf(registry)).toEqual([
      '# HELP visits_total Visits',
      '# TYPE visits_total counter',
      'visits_total{door="front",result="ok"} 2',
      'visits_total{door="back \\"door\\"",result="ok"} 3',
    ])
  })

  it('cannot have a name that is taken', () => {
    const registry = new Registry()
    const definition = { name: 'visits_total', help: 'Visits', labels: [] }
    createCounters(registry, definition)

    expect(() => createCounters(registry, definition)).toThrow('already been registered')
  })
})

describe('gauges', () => {
  it('say how things are now, and are the same whenever they are asked for', async () => {
    const registry = new Registry()
    const guests = createGauges(registry, { name: 'guests', help: 'Guests', labels: ['floor', 'side'] })
    guests('1', 'left').set(5)
    guests('1', 'left').add(-2)

    expect((await textOf(registry)).at(-1)).toBe('guests{floor="1",side="left"} 3')
  })

  it('say nothing once they are cleared', async () => {
    const registry = new Registry()
    const guests = createGauges(registry, { name: 'guests', help: 'Guests', labels: [] })
    guests().set(5)

    guests.clear()

    expect(await textOf(registry)).toEqual(['# HELP guests Guests', '# TYPE guests gauge'])
    guests().set(6)
    expect((await textOf(registry)).at(-1)).toBe('guests 6')
  })
})

describe('histograms', () => {
  it('count up to each bound, the bound included, and sum up', async () => {
    const registry = new Registry()
    const definition = { name: 'wait_seconds', help: 'Wait', labels: ['door'], buckets: [0.5, 1] }
    const front = createHistograms(registry, definition)('front')

    for (const seconds of [0.25, 0.5, 0.75, 8]) front.observe(seconds)

    expect(await textOf(registry)).toEqual([
      '# HELP wait_seconds Wait',
      '# TYPE wait_seconds histogram',
      'wait_seconds_bucket{le="0.5",door="front"} 2',
      'wait_seconds_bucket{le="1",door="front"} 3',
      'wait_seconds_bucket{le="+Inf",door="front"} 4',
      'wait_seconds_sum{door="front"} 9.5',
      'wait_seconds_count{door="front"} 4',
    ])
  })
})

describe('values per name', () => {
  it('is made once', () => {
    const made: string[] = []
    const of = perName((name) => made.push(name))

    expect([of('a'), of('b'), of('a')]).toEqual([1, 2, 1])
  })
})
