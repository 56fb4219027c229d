import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideUsage, sumUsage } from './shared-usage.ts'

const USED = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 2, costUsd: 0.0001 }
const tokens = fc.nat({ max: 200_000 })
const anyUsage = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  costUsd: fc.nat({ max: 1e9 }).map((nano) => nano / 1e9),
})

describe('the usage of one call', () => {
  it('is divided in whole tokens, the first ones having what is left over', () => {
    expect(divideUsage(USED, 3)).toEqual([
      { inputTokens: 4, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 1, costUsd: 0.000033334 },
      { inputTokens: 3, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 1, costUsd: 0.000033333 },
      { inputTokens: 3, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.000033333 },
    ])
  })

  it('is exactly the sum of its parts', () => {
    fc.assert(
      fc.property(anyUsage, fc.integer({ min: 1, max: 50 }), (usage, parts) => {
        expect(sumUsage(divideUsage(usage, parts))).toEqual(usage)
      }),
    )
  })
})

describe('a sum', () => {
  it('leaves out calls that used nothing, and is null without any', () => {
    expect(sumUsage([null, USED, null])).toEqual(USED)
    expect(sumUsage([null, null])).toBeNull()
  })
})
