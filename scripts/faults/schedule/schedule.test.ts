import { describe, expect, it } from 'vitest'
import { FAULT_KINDS } from './fault.ts'
import { makeSchedule, WINDOW_MS } from './schedule.ts'

const OPTIONS = { issues: { min: 30, max: 60 }, kinds: FAULT_KINDS, stopMaxMs: 90_000 }
const schedules = Array.from({ length: 200 }, (_, seed) => makeSchedule({ ...OPTIONS, seed }))

describe('a schedule', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(makeSchedule({ ...OPTIONS, seed: 7 })).toEqual(schedules[7])
    expect(new Set(schedules.map((one) => JSON.stringify(one.faults))).size).toBe(schedules.length)
  })

  it('has at least one fault, all within the time of the load', () => {
    const moments = schedules.flatMap(({ faults }) => faults.map(({ atMs }) => atMs))

    expect(schedules.filter(({ faults }) => faults.length === 0)).toEqual([])
    expect(moments.filter((atMs) => atMs < 0 || atMs >= WINDOW_MS)).toEqual([])
  })

  it('has every kind of fault, or only those asked for', () => {
    const kindsOf = (some: typeof schedules) => new Set(some.flatMap(({ faults }) => faults.map(({ kind }) => kind)))

    expect(kindsOf(schedules)).toEqual(new Set(FAULT_KINDS))
    expect(kindsOf([makeSchedule({ ...OPTIONS, kinds: ['stop'], seed: 7 })])).toEqual(new Set(['stop']))
  })

  it('stops few processes for long', () => {
    const stops = schedules.flatMap(({ faults }) =>
      faults.flatMap((fault) => (fault.kind === 'stop' ? [fault.forMs] : [])),
    )
    const long = stops.filter((forMs) => forMs > 9_000)

    expect(long.length).toBeGreaterThan(0)
    expect(long.length).toBeLessThan(stops.length / 10)
    expect(Math.max(...stops)).toBeLessThanOrEqual(90_000)
  })

  it('creates as many issues as asked for, each under a key of its own', () => {
    for (const { issues } of schedules) {
      expect(issues.length).toBeGreaterThanOrEqual(30)
      expect(issues.length).toBeLessThanOrEqual(60)
      expect(new Set(issues.map(({ key }) => key)).size).toBe(issues.length)
    }
  })
})
