import { withRole } from '@redress/shared/testing/callers.ts'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../access/caller.ts'
import { createValidity } from './validity.ts'

const callerWho = (change: Partial<Caller>): Caller => ({
  principal: withRole('operator'),
  scope: '',
  expiresAt: null,
  requestsPerMinute: null,
  isStillValid: async () => true,
  ...change,
})

describe('a caller', () => {
  it('is valid until the moment of expiry', () => {
    let now = 999
    const { isValid } = createValidity(() => now)
    const caller = callerWho({ expiresAt: 1_000 })

    expect(isValid(caller)).toBe(true)
    now = 1_000
    expect(isValid(caller)).toBe(false)
  })

  it('that was revoked is not valid from the next check on', async () => {
    const { isValid, renew } = createValidity(() => 0)
    const caller = callerWho({ isStillValid: async () => false })

    await renew(caller)

    expect(isValid(caller)).toBe(false)
  })

  it('stays valid while it cannot be checked', async () => {
    const { isValid, renew } = createValidity(() => 0)
    const caller = callerWho({ isStillValid: () => Promise.reject(new Error('away')) })

    await renew(caller)

    expect(isValid(caller)).toBe(true)
  })

  it('is checked once for all subscriptions, and again only after a while', async () => {
    let now = 0
    let asked = 0
    const { renew } = createValidity(() => now)
    const caller = callerWho({ isStillValid: async () => ++asked > 0 })

    await Promise.all([renew(caller), renew(caller)])
    await renew(caller)
    expect(asked).toBe(1)

    now = 1_000
    await renew(caller)
    expect(asked).toBe(2)
  })
})
