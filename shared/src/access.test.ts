import { describe, expect, it } from 'vitest'
import { can, PERMISSIONS_OF_ROLE, type Principal, type Role, reachOf } from './access.ts'

const whoIs = (...roles: Role[]): Principal => ({ id: 'ada', roles, customerId: null })
const customer: Principal = { id: 'eve', roles: ['customer'], customerId: 'cust_1' }

describe('a role', () => {
  // Written by hand: this table is the agreement.
  it.for<[Role, string, boolean]>([
    ['admin', 'issue:create:*', true],
    ['admin', 'audit:verify:*', true],
    ['admin', 'customer:read_pii:*', true],
    ['operator', 'issue:create:*', true],
    ['operator', 'issue:retry:*', true],
    ['operator', 'issue:review:*', false],
    ['operator', 'customer:read_pii:*', false],
    ['operator', 'audit:read:*', false],
    ['reviewer', 'issue:review:*', true],
    ['reviewer', 'customer:read_pii:*', true],
    ['reviewer', 'issue:create:*', false],
    ['read_only', 'issue:read:*', true],
    ['read_only', 'decision:read:*', true],
    ['read_only', 'issue:create:*', false],
    ['read_only', 'audit:read:*', false],
    ['monitoring', 'queue:read:*', true],
    ['monitoring', 'issue:read:*', false],
    ['customer', 'issue:create:*', false],
  ])('%s asking for %s: %s', ([role, permission, allowed]) => {
    expect(can(whoIs(role), permission)).toBe(allowed)
  })

  it('adds to the others that somebody has', () => {
    expect(can(whoIs('read_only', 'reviewer'), 'issue:review:*')).toBe(true)
  })

  it('gives nothing to who has none', () => {
    expect(reachOf(whoIs(), 'issue:read:*')).toBe('none')
  })

  it('grants permissions of the form resource:action:target only', () => {
    const granted = Object.values(PERMISSIONS_OF_ROLE).flat()

    expect(granted.filter((permission) => !/^(\*|[a-z]+):(\*|[a-z_]+):(\*|own)$/.test(permission))).toEqual([])
  })
})

describe('a customer', () => {
  it('reaches their own and nobody else’s', () => {
    expect(reachOf(customer, 'issue:read:*')).toBe('own')
    expect(can(customer, 'issue:read', 'cust_1')).toBe(true)
    expect(can(customer, 'issue:read', 'cust_2')).toBe(false)
  })

  it('reaches nothing where the token names no customer', () => {
    expect(reachOf({ ...customer, customerId: null }, 'issue:read:*')).toBe('none')
  })
})
