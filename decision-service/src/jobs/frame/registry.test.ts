import { expect, it } from 'vitest'
import { JOBS } from './registry.ts'

it('keeps reported events apart by their data, and whatever characters their merchants and users have', () => {
  const { keyOf } = JOBS['analytics-track']
  const event = { eventType: 'seen', timestamp: '2026-01-01T10:00:00Z', data: {} }
  const [first, ...others] = [
    { ...event, merchant: 'a-b', userId: 'c' },
    { ...event, merchant: 'a', userId: 'b-c' },
    { ...event, merchant: 'global', userId: 'anonymous' },
    event,
    { ...event, data: { step: 1 } },
  ].map((one) => keyOf!(one))

  expect(new Set([first, ...others]).size).toBe(5)
  expect(keyOf!({ ...event, data: { a: 1, b: 2 } })).toBe(keyOf!({ ...event, data: { b: 2, a: 1 } }))
})

it.for(['2026-02-30T00:00:00Z', '2026-04-31', '2026-02-29T00:00:00+02:00', '2026-01-00', '2026-13-01'])(
  'takes no event of %s, which is no day',
  (timestamp) => {
    const read = JOBS['analytics-track'].Data({ eventType: 'seen', timestamp, data: {} })

    expect(String(read)).toMatch(/^timestamp must be /)
  },
)
