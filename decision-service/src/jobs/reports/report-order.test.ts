import { type } from 'arktype'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAYS_MAX, ReportOrder, toRange } from './report-order.ts'

const REPORT = { report: 'jobs', format: 'csv' } as const
const DAYS = { ...REPORT, from: '2026-01-01', to: '2026-02-01' }
const problemsOf = (data: object) => {
  const read = ReportOrder(data)
  return read instanceof type.errors ? [...read].map(({ path }) => path.join('.')) : []
}
const rangeOf = (data: object, addedAt = '2026-11-28T15:00:00Z') => {
  const { from, to } = toRange(ReportOrder.assert({ ...REPORT, ...data }), new Date(addedAt))
  return [from.toISOString(), to.toISOString()]
}

describe('an order of a report', () => {
  it.for<[string, object]>([
    ['report', { ...DAYS, report: 'taxes' }],
    ['format', { ...DAYS, format: 'xlsx' }],
    ['from', { ...DAYS, from: '2026-02-30' }],
    ['from', { ...DAYS, from: '1999-12-31' }],
    ['to', { ...DAYS, to: '2026-1-1' }],
    ['to', { ...DAYS, to: '2026-01-01' }],
    ['to', { ...DAYS, to: '2027-01-03' }],
    ['to', { ...REPORT, from: '2026-01-01' }],
    ['from', { ...REPORT, to: '2026-01-01' }],
    ['from', REPORT],
    ['period', { ...DAYS, period: 'previous-day' }],
    ['period', { ...REPORT, period: 'next-day' }],
    ['asOf', { ...DAYS, asOf: '2026-01-01T00:00:00Z' }],
    ['asOf', { ...REPORT, period: 'previous-day', asOf: 'today' }],
    ['asOf', { ...REPORT, period: 'previous-day', asOf: '2026-02-30T00:00:00Z' }],
    ['timeZone', { ...DAYS, timeZone: 'Europe/Nowhere' }],
    ['timeZone', { ...DAYS, timeZone: '+02:00' }],
    ['venueId', { ...DAYS, venueId: 'v1' }],
  ])('with a wrong %s is refused there', ([path, data]) => {
    expect(problemsOf(data)).toEqual([path])
  })

  it(`of ${DAYS_MAX} days is accepted`, () => {
    expect(problemsOf({ ...DAYS, to: '2027-01-02' })).toEqual([])
  })

  it('that is accepted has a range of at least an hour, whatever it is', () => {
    const year = fc.integer({ min: 1998, max: 2102 })
    const day = fc.tuple(year, fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 })).map(toDay)
    const timeZone = fc.constantFrom('UTC', 'Pacific/Kiritimati', 'Africa/Cairo', 'America/Havana', 'Nowhere', '')
    const period = fc.constantFrom('previous-day', 'previous-week', 'previous-month', 'previous-year')
    const anything = { from: fc.oneof(day, fc.anything()), to: day, period, timeZone, asOf: fc.string() }
    const data = fc.record(anything, { requiredKeys: [] }).map((fields) => ({ ...REPORT, ...fields }))

    fc.assert(
      fc.property(data, (given) => {
        const read = ReportOrder(given)
        if (read instanceof type.errors) return read.every(({ expected }) => expected !== '')
        const { from, to } = toRange(read, new Date('2026-11-28T15:00:00Z'))
        return to.getTime() - from.getTime() >= 3_600_000
      }),
      { numRuns: 500 },
    )
  })
})

const toDay = (parts: readonly number[]) => parts.map((part) => String(part).padStart(2, '0')).join('-')

describe('the range of a report', () => {
  it.for<[string, object, string, string]>([
    ['days in UTC', { from: '2026-01-01', to: '2026-02-01' }, '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    [
      'days that begin with other offsets',
      { from: '2026-03-29', to: '2026-03-30', timeZone: 'Europe/Berlin' },
      ...(['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'] as const),
    ],
    [
      'a day whose midnight the clock leaves out',
      { from: '2026-03-08', to: '2026-03-09', timeZone: 'America/Havana' },
      ...(['2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z'] as const),
    ],
    [
      'days 14 hours ahead of UTC',
      { from: '2026-01-01', to: '2026-01-02', timeZone: 'Pacific/Kiritimati' },
      ...(['2025-12-31T10:00:00.000Z', '2026-01-01T10:00:00.000Z'] as const),
    ],
    ['the previous day', { period: 'previous-day' }, '2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'],
    ['the previous week', { period: 'previous-week' }, '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['the previous month', { period: 'previous-month' }, '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
    [
      'the previous month of a moment, in its time zone',
      { period: 'previous-month', asOf: '2026-10-31T23:30:00Z', timeZone: 'Europe/Berlin' },
      ...(['2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'] as const),
    ],
    [
      'the day before a moment that is midnight',
      { period: 'previous-day', asOf: '2026-11-28T00:00:00Z' },
      ...(['2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'] as const),
    ],
  ])('is %s', ([, data, from, to]) => {
    expect(rangeOf(data)).toEqual([from, to])
  })
})
