import { describe, expect, it } from 'vitest'
import { createGather } from './gather.ts'

describe('the wait from one round to the next', () => {
  it('is the least one where the round had few events, however long it took', () => {
    const gather = createGather({ leastMs: 10, mostMs: Number.POSITIVE_INFINITY })

    gather.add(30)
    gather.add(19)

    expect(gather.waitMs()).toBe(10)
  })

  it('is as long as a round with many events took, within its bounds', () => {
    const gather = createGather({ leastMs: 0, mostMs: 5 })

    gather.add(50)
    const afterLong = gather.waitMs()
    gather.begin()
    gather.add(50)

    expect(afterLong).toBe(5)
    expect(gather.waitMs()).toBeLessThanOrEqual(5)
  })

  it('does not count the events of earlier rounds', () => {
    const gather = createGather({ leastMs: 10, mostMs: 100_000 })
    gather.add(500)

    gather.begin()

    expect(gather.waitMs()).toBe(10)
  })
})
