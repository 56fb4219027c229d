import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLatencyHistogram } from './latency-histogram.ts'

const percentilesOf = (durations: readonly number[]) => {
  const histogram = createLatencyHistogram()
  for (const ms of durations) histogram.add(ms)
  return histogram.percentiles()
}

describe('percentiles of durations', () => {
  it('are within one per cent of the durations at their ranks', () => {
    const { p50, p95, p99 } = percentilesOf(Array.from({ length: 1_000 }, (_, index) => index + 1))!

    expect(Math.abs(p50 - 500) / 500).toBeLessThan(0.01)
    expect(Math.abs(p95 - 950) / 950).toBeLessThan(0.01)
    expect(Math.abs(p99 - 990) / 990).toBeLessThan(0.01)
  })

  it('of one duration are that duration', () => {
    expect(percentilesOf([12.34])).toEqual({ p50: 12.34, p95: 12.34, p99: 12.34 })
    expect(percentilesOf([0])).toEqual({ p50: 0, p95: 0, p99: 0 })
  })

  it('are none where nothing was measured', () => {
    expect(percentilesOf([])).toBeNull()
  })

  it('rise, and stay between the least and the greatest', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 }), (durations) => {
        const { p50, p95, p99 } = percentilesOf(durations)!

        const rising = [Math.min(...durations), p50, p95, p99, Math.max(...durations)]
        expect(rising).toEqual(rising.toSorted((one, other) => one - other))
      }),
    )
  })
})
