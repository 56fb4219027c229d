import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTimetable, type Timetable } from './timetable.ts'

function timetableOf(cron: string, timeZone = 'UTC'): Timetable {
  const read = readTimetable(cron, timeZone)
  if ('field' in read) throw new Error(read.message)
  return read
}

function ticksAfter(timetable: Timetable, from: string, count: number): readonly string[] {
  const ticks: Date[] = []
  while (ticks.length < count) ticks.push(timetable.next(ticks.at(-1) ?? new Date(from))!)
  return ticks.map((tick) => tick.toISOString())
}

describe('the ticks of a cron expression', () => {
  // All by hand, from the rules of the zones for these years.
  it.for<[string, string, string, string, readonly string[]]>([
    ['every day in UTC', '0 2 * * *', 'UTC', '2026-03-28T12:00:00Z', ['2026-03-29T02:00:00.000Z']],
    [
      'the first of the month, also in the next year',
      '0 3 1 * *',
      'UTC',
      '2026-11-28T12:00:00Z',
      ['2026-12-01T03:00:00.000Z', '2027-01-01T03:00:00.000Z'],
    ],
    [
      'Berlin, a time in the gap (02:00 becomes 03:00): the end of the gap',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'],
    ],
    [
      'Berlin, two times in one gap: one tick at its end',
      '15,45 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00.000Z', '2026-03-30T00:15:00.000Z', '2026-03-30T00:45:00.000Z'],
    ],
    [
      'Berlin, a time that comes twice (03:00 becomes 02:00): the first',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
    ],
    [
      'Berlin, every half hour through the gap',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:20:00Z',
      ['2026-03-29T00:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-29T01:30:00.000Z'],
    ],
    [
      'Berlin, every half hour through both passes of the repeated hour',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:50:00Z',
      [
        '2026-10-25T00:00:00.000Z',
        '2026-10-25T00:30:00.000Z',
        '2026-10-25T01:00:00.000Z',
        '2026-10-25T01:30:00.000Z',
        '2026-10-25T02:00:00.000Z',
      ],
    ],
    [
      'New York, a time in the gap',
      '0 2 * * *',
      'America/New_York',
      '2026-03-07T12:00:00Z',
      ['2026-03-08T07:00:00.000Z', '2026-03-09T06:00:00.000Z'],
    ],
    [
      'Havana, whose gap begins at midnight',
      '0 0 * * *',
      'America/Havana',
      '2026-03-07T12:00:00Z',
      ['2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z'],
    ],
    [
      'Lord Howe, whose gap is half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T10:00:00Z',
      ['2026-10-03T15:30:00.000Z', '2026-10-04T15:15:00.000Z'],
    ],
  ])('%s', ([, cron, timeZone, from, expected]) => {
    const timetable = timetableOf(cron, timeZone)

    expect(ticksAfter(timetable, from, expected.length)).toEqual(expected)
    for (const tick of expected) expect(timetable.latest(new Date(tick))?.toISOString()).toBe(tick)
  })

  it('are the same forwards and backwards, through changes of the clocks', () => {
    const crons = ['30 2 * * *', '15,45 1-3 * * *', '*/7 * * * *', '0 */5 * * *', '30 2 29 3 *', '0 0 * * SUN']
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Havana']
    const aroundChanges = fc.oneof(
      fc.integer({ min: Date.UTC(2026, 2, 7), max: Date.UTC(2026, 2, 31) }),
      fc.integer({ min: Date.UTC(2026, 9, 2), max: Date.UTC(2026, 10, 3) }),
    )
    const property = fc.property(fc.constantFrom(...crons), fc.constantFrom(...zones), aroundChanges, (...given) => {
      const [cron, zone, ms] = given
      const timetable = timetableOf(cron, zone)
      const next = timetable.next(new Date(ms))!
      expect(next.getTime()).toBeGreaterThan(ms)
      expect(timetable.latest(next)).toEqual(next)
      const latest = timetable.latest(new Date(ms))!
      expect(latest.getTime()).toBeLessThanOrEqual(ms)
      expect(timetable.next(latest)).toEqual(next)
    })

    fc.assert(property, { numRuns: 300 })
  })
})

describe('a cron expression is refused', () => {
  it.for([
    [''],
    ['daily'],
    ['* * * *'],
    ['*/10 * * * * *'],
    ['0 0 1 1 * 2030'],
    ['60 * * * *'],
    ['0 24 * * *'],
    ['0 0 * * 8'],
    ['5/0 * * * *'],
    ['0 0 31 2 *'],
    ['? * * * *'],
    ['2030-01-01T00:00:00'],
    ['@reboot'],
    ['@daily'],
  ])('%j', ([cron]) => {
    expect(readTimetable(cron!, 'UTC')).toMatchObject({ field: 'cron', message: expect.stringMatching(/^must /) })
  })

  it('for its seconds, in words of the API and not of a parser', () => {
    expect(readTimetable('*/10 * * * * *', 'UTC')).toMatchObject({ message: expect.not.stringContaining('mode') })
  })

  it.for([['Mars/Olympus'], [''], ['+02:00'], ['europe']])('in the time zone %j', ([timeZone]) => {
    expect(readTimetable('0 2 * * *', timeZone!)).toMatchObject({ field: 'timeZone' })
  })
})
