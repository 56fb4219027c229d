import { silent } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { createPaymentTurns } from './payment-turns.ts'

it('payments are limited, except while Redis does not answer', async () => {
  const limited = createPaymentTurns({ take: async () => ({ allowed: false, retryAfterMs: 80 }), logger: silent })
  const away = createPaymentTurns({ take: () => Promise.reject(new Error('redis is away')), logger: silent })

  expect(await limited('cust_1')).toEqual({ allowed: false, retryAfterMs: 80 })
  expect(await away('cust_1')).toEqual({ allowed: true, retryAfterMs: 0 })
})
