import { describe, expect, it } from 'vitest'
import { bucketOf, medianOf } from '../monitoring/duration-buckets.ts'
import { estimateCompletion, type Known } from './estimate.ts'

const NOW = new Date('2030-06-15T12:00:00Z')
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)
const NOTHING = { startedAt: null, dueAt: null, place: null, active: 0 }
const DURATIONS = { medianMs: 10_000, meanMs: 20_000 }

it.for<readonly [string, Pick<Known, 'state'> & Partial<Known>, number | null]>([
  ['runs', { state: 'ACTIVE', startedAt: at(-4) }, 6],
  ['runs for longer than others', { state: 'ACTIVE', startedAt: at(-60) }, 0],
  ['is delayed', { state: 'DELAYED', dueAt: at(30) }, 40],
  ['is next', { state: 'WAITING', place: 0 }, 10],
  ['waits behind others', { state: 'WAITING', place: 6, active: 4 }, 40],
  ['waits where nothing runs', { state: 'WAITING', place: 6, active: 0 }, null],
  ['is in no queue', { state: 'WAITING', active: 4 }, null],
  ['is of a type that never ran', { state: 'ACTIVE', startedAt: at(-4), medianMs: null }, null],
  ['has failed', { state: 'FAILED', place: 0 }, null],
])('a job that %s', ([, known, seconds]) => {
  const estimate = estimateCompletion({ ...NOTHING, ...DURATIONS, ...known }, NOW)

  expect(estimate).toEqual(seconds === null ? null : at(seconds))
})

describe('the median of durations', () => {
  it.for([0.2, 1, 3, 47, 1_000, 86_400_000])('of %s ms is known within a fifth', (ms) => {
    const median = medianOf(new Map([[bucketOf(ms), 3]]))!

    expect(median / Math.max(ms, 0.85)).toBeGreaterThan(0.8)
    expect(median / Math.max(ms, 0.85)).toBeLessThan(1.2)
  })

  it('is the one in the middle, and none of none', () => {
    const counts = new Map([bucketOf(5), bucketOf(1_000), bucketOf(90_000)].map((bucket) => [bucket, 1]))

    expect(medianOf(counts)).toBeCloseTo(medianOf(new Map([[bucketOf(1_000), 1]]))!)
    expect(medianOf(new Map())).toBeNull()
  })
})
