import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyReading, CALM_MS, type QueueAlert } from './queue-alert.ts'
import { type Measure, THRESHOLDS } from './thresholds.ts'

const NOW = new Date('2030-06-15T12:00:00Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)
const { money: MONEY } = THRESHOLDS
const reading = (value: number, measure: Measure = 'QUEUE_DEPTH') => ({ queue: 'money' as const, measure, value })
const OPEN: QueueAlert = { queue: 'money', measure: 'QUEUE_DEPTH', raisedAt: NOW, calmSince: null }

describe('a value', () => {
  it.for([
    ['QUEUE_DEPTH', 75, 50, 'CRITICAL: Money queue has 75 jobs waiting!'],
    ['JOB_AGE', 10.5, 10, 'CRITICAL: Money queue has a job waiting for 10 minutes!'],
    ['HIGH_FAILURES', 11, 10, 'CRITICAL: Money queue has 11 jobs failed in the last 60 minutes!'],
    ['QUEUE_AWAY', 21, 20, 'CRITICAL: Money queue has no Redis for 21 seconds!'],
  ] as const)(
    'of %s above its threshold raises an alert, one at its threshold none',
    ([measure, value, limit, message]) => {
      const raised = applyReading(null, reading(value, measure), MONEY, NOW)

      expect(applyReading(null, reading(limit, measure), MONEY, NOW)).toBeNull()
      expect(raised?.alert).toEqual({ queue: 'money', measure, raisedAt: NOW, calmSince: null })
      expect(raised?.events).toMatchObject([
        {
          id: `alert-${measure.toLowerCase()}-money-${NOW.toISOString()}`,
          type: 'alert.raised',
          entity: { type: 'Queue', id: 'money' },
          changes: { value: { before: null, after: value }, threshold: { before: null, after: limit } },
          data: { type: measure, severity: 'CRITICAL', message, value, threshold: limit },
        },
      ])
    },
  )

  it('raises no second alert while one is open', () => {
    expect(applyReading(OPEN, reading(80), MONEY, later(60_000))).toBeNull()
  })

  it('that stays within its threshold resolves the alert', () => {
    const calm = applyReading(OPEN, reading(50), MONEY, NOW)
    expect(calm).toEqual({ alert: { ...OPEN, calmSince: NOW }, events: [] })

    const early = applyReading(calm!.alert, reading(1), MONEY, later(CALM_MS - 1))
    const resolved = applyReading(calm!.alert, reading(1), MONEY, later(CALM_MS))

    expect(early).toBeNull()
    expect(resolved).toMatchObject({
      alert: null,
      events: [
        {
          type: 'alert.resolved',
          data: {
            ...{ raised: `alert-queue_depth-money-${NOW.toISOString()}`, value: 1, threshold: 50 },
            message: 'Money queue is within its limit again: 1 job waiting.',
          },
        },
      ],
    })
  })

  it('that exceeds it again before that is the same cause', () => {
    const calm = { ...OPEN, calmSince: NOW }

    expect(applyReading(calm, reading(51), MONEY, later(CALM_MS))).toEqual({ alert: OPEN, events: [] })
  })
})

it('each alert is raised once and resolved once, whatever the values are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(2 * CALM_MS))), (steps) => {
      let open: QueueAlert | null = null
      let ms = 0
      const events: string[] = []
      for (const [value, after] of steps) {
        ms += after + 1
        const change = applyReading(open, reading(value), MONEY, later(ms))
        if (change === null) continue
        open = change.alert
        events.push(...change.events.map(({ id }) => id))
      }
      expect(new Set(events).size).toBe(events.length)
      events.forEach((id, index) => {
        expect(id).toBe(index % 2 === 0 ? id.replace('-resolved', '') : `${events[index - 1]}-resolved`)
      })
    }),
  )
})
