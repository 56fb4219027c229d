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
