import { describe, expect, it } from 'vitest'
import { wilsonRate } from './wilson.ts'

describe('the interval of Wilson', () => {
  // The first four as published in R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  it.for([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [8, 10, 0.4902, 0.9433],
    [10, 10, 0.7225, 1],
    [1, 1, 0.2065, 1],
  ] as const)('of %i out of %i is %f to %f', ([count, of, lower, upper]) => {
    const interval = wilsonRate(count, of)

    expect(interval).toMatchObject({ count, of, rate: count / of })
    expect(interval!.lower).toBeCloseTo(lower, 4)
    expect(interval!.upper).toBeCloseTo(upper, 4)
  })

  it('is none where nothing was tried', () => {
    expect(wilsonRate(0, 0)).toBeNull()
  })
})
