import { describe, expect, it } from 'vitest'
import { createGather } from './gather.ts'

describe('the wait from one round to the next', () => {
  it('is the least one where the round had few events, however long it took', () => {
    const gather = createGather({ leastMs: 10, mostMs: Number.POSITIVE_INFINITY })

    gather.add(30)
    gather.add(19)

    expect(gather.waitMs()).toBe(10)
  })

  it.for([
    ['within its bounds', 30, 30],
    ['not below the least one', 3, 10],
    ['not above the most', 70, 50],
  ] as const)('is as long as a round with many events took, %s', ([, tookMs, waitMs]) => {
    let nowMs = 1_000
    const gather = createGather({ leastMs: 10, mostMs: 50 }, () => nowMs)

    gather.begin()
    gather.add(50)
    nowMs += tookMs

    expect(gather.waitMs()).toBe(waitMs)
  })

  it('does not count the events of earlier rounds', () => {
    const gather = createGather({ leastMs: 10, mostMs: 100_000 })
    gather.add(500)

    gather.begin()

    expect(gather.waitMs()).toBe(10)
  })
})
