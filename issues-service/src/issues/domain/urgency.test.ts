import { describe, expect, it } from 'vitest'
import { DUE_HOURS, dueAtOf, urgentAtOf } from './urgency.ts'

const createdAt = new Date('2030-01-01T00:00:00Z')

describe('an issue', () => {
  it.for([
    ['CRITICAL', '2030-01-01T04:00:00.000Z'],
    ['HIGH', '2030-01-02T00:00:00.000Z'],
    ['NORMAL', '2030-01-04T00:00:00.000Z'],
    ['LOW', '2030-01-08T00:00:00.000Z'],
  ] as const)('with the priority %s is due at %s', ([priority, due]) => {
    expect(dueAtOf({ priority, createdAt }, DUE_HOURS).toISOString()).toBe(due)
  })

  // Ten hours until it is due, so that a digit is an hour.
  it.for([
    [0, '10:00'],
    [1, '09:00'],
    [99, '08:00'],
    [100, '07:00'],
    [12_345, '05:00'],
    [100_000_000, '01:00'],
    [99_999_999_999, '01:00'],
  ] as const)('with %d at risk comes forward to %s', ([atRisk, time]) => {
    const hours = { ...DUE_HOURS, HIGH: 10 }

    expect(urgentAtOf({ priority: 'HIGH', createdAt }, atRisk, hours).toISOString()).toBe(`2030-01-01T${time}:00.000Z`)
  })
})
