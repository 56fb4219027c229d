import { describe, expect, it } from 'vitest'
import { expiresAtOf, settle, settlementAt } from './settlement.ts'

const decidedAt = new Date('2030-01-01T00:00:00Z')
const lastMoment = new Date('2030-01-07T23:59:59.999Z')
const expiry = new Date('2030-01-08T00:00:00Z')
const open = { caseId: 'iss_1', decidedAt }
const reviewed = (action: 'RETRY_PAYMENT' | 'BLOCK_CARD' | 'SEND_REMINDER', at: Date) =>
  settle(decidedAt, { action, reviewer: 'rhea', at })

describe('a payment with a case', () => {
  it.for([
    ['RETRY_PAYMENT', 'APPROVED'],
    ['BLOCK_CARD', 'DENIED'],
    ['SEND_REMINDER', 'DENIED'],
  ] as const)('is settled by the review %s as %s', ([action, status]) => {
    expect(reviewed(action, lastMoment)).toMatchObject({ status, action, by: 'rhea', at: lastMoment })
  })

  it('that has expired stays expired, and says why its review came to nothing', () => {
    expect(reviewed('RETRY_PAYMENT', expiry)).toEqual({
      status: 'EXPIRED',
      action: 'RETRY_PAYMENT',
      by: 'rhea',
      reason: 'REVIEWED_TOO_LATE: The payment was not reviewed before 2030-01-08T00:00:00.000Z. Ask for it again.',
      at: expiry,
    })
  })

  it('is open until it expires', () => {
    expect(expiresAtOf(open)).toEqual(expiry)
    expect(settlementAt(open, lastMoment)).toBeNull()
    expect(settlementAt(open, expiry)).toMatchObject({ status: 'EXPIRED', action: null, by: null, at: expiry })
  })

  it('keeps the settlement of its review when its time is over', () => {
    const settlement = reviewed('RETRY_PAYMENT', lastMoment)

    expect(settlementAt({ ...open, settlement }, expiry)).toBe(settlement)
  })
})

it('a payment without a case neither expires nor is settled', () => {
  expect(expiresAtOf({ ...open, caseId: null })).toBeNull()
  expect(settlementAt({ ...open, caseId: null }, new Date('2040-01-01T00:00:00Z'))).toBeNull()
})
