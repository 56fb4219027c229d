import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

const BOUNDS = { firstMs: 100, maxMs: 1_000 }

describe('the wait after a failure', () => {
  it('doubles with each failure, up to its maximum', () => {
    const waits = [0, 1, 2, 3, 4, 5, 5_000].map((failures) => backoffMs(failures, BOUNDS, 0))

    expect(waits).toEqual([100, 100, 200, 400, 800, 1_000, 1_000])
  })

  it('is shortened at random by up to a half', () => {
    expect([backoffMs(3, BOUNDS, 0), backoffMs(3, BOUNDS, 0.5), backoffMs(3, BOUNDS, 1)]).toEqual([400, 300, 200])
  })
})
