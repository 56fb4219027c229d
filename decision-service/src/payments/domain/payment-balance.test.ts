import { expect, it } from 'vitest'
import { type BookedTransaction, estimateBalance } from './payment-balance.ts'

const booked = (status: BookedTransaction['status'], amount: number, currency = 'USD'): BookedTransaction => ({
  status,
  amount: { amount, currency },
})

it('a balance is what was captured less what is disputed, in one currency', () => {
  const transactions = [
    booked('CAPTURED', 5_000),
    booked('CAPTURED', 2_500),
    booked('DISPUTED', 1_500),
    booked('AUTHORIZED', 90_000),
    booked('DECLINED', 90_000),
    booked('REFUNDED', 90_000),
    booked('CAPTURED', 700, 'EUR'),
  ]

  expect(estimateBalance(transactions, 'USD')).toBe(6_000)
  expect(estimateBalance(transactions, 'EUR')).toBe(700)
  expect(estimateBalance(transactions, 'JPY')).toBe(0)
})

it('a balance is never below nothing', () => {
  expect(estimateBalance([booked('CAPTURED', 100), booked('DISPUTED', 300)], 'USD')).toBe(0)
})
