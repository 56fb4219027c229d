import { describe, expect, it } from 'vitest'
import {
  can,
  check,
  GATEWAY_PRINCIPAL,
  hasRole,
  isOwner,
  PERMISSIONS_OF_ROLE,
  type Principal,
  ROLES,
  type Role,
  reachOf,
} from './permissions.ts'

const whoIs = (...roles: Role[]): Principal => ({ id: 'ada', roles, customerId: null, tenant: 'default' })
const customer: Principal = { id: 'eve', roles: ['customer'], customerId: 'cust_1', tenant: 'default' }

describe('a role', () => {
  // Written by hand: this table is the agreement.
  it.for<[Role, string, boolean]>([
    ['admin', 'issue:create:*', true],
    ['admin', 'audit:verify:*', true],
    ['admin', 'customer:read_pii:*', true],
    ['operator', 'issue:create:*', true],
    ['operator', 'issue:retry:*', true],
    ['operator', 'issue:review:*', false],
    ['operator', 'issue:assign:*', true],
    ['operator', 'customer:read_pii:*', false],
    ['operator', 'audit:read:*', false],
    ['reviewer', 'issue:review:*', true],
    ['reviewer', 'issue:assign:*', true],
    ['service', 'issue:assign:*', false],
    ['reviewer', 'customer:read_pii:*', true],
    ['reviewer', 'issue:create:*', false],
    ['read_only', 'issue:read:*', true],
    ['read_only', 'decision:read:*', true],
    ['read_only', 'issue:create:*', false],
    ['read_only', 'audit:read:*', false],
    ['monitoring', 'queue:read:*', true],
    ['monitoring', 'issue:read:*', false],
    ['customer', 'issue:create:*', false],
    ['admin', 'api_key:create:*', true],
    ['admin', 'api_key:revoke:*', true],
    ['admin', 'api_key:read:*', true],
    ['operator', 'api_key:create:*', false],
    ['service', 'api_key:read:*', false],
  ])('%s asking for %s: %s', ([role, permission, allowed]) => {
    expect(can(whoIs(role), permission)).toBe(allowed)
  })

  it('adds to the other roles of a caller', () => {
    expect(can(whoIs('read_only', 'reviewer'), 'issue:review:*')).toBe(true)
  })

  it('gives nothing without a role', () => {
    expect(reachOf(whoIs(), 'issue:read:*')).toBe('none')
  })

  it('grants permissions of the form resource:action:target only', () => {
    const granted = Object.values(PERMISSIONS_OF_ROLE).flat()

    expect(granted.filter((permission) => !/^(\*|[a-z_]+):(\*|[a-z_]+):(\*|own)$/.test(permission))).toEqual([])
  })
})

describe('the question whether an API key is good', () => {
  it('is the gateway’s alone: no role that a caller can have reaches it, not even by a wildcard', () => {
    expect(reachOf(GATEWAY_PRINCIPAL, 'api_key:verify:*')).toBe('all')
    expect(ROLES.map((role) => reachOf(whoIs(role), 'api_key:verify:*'))).toEqual(ROLES.map(() => 'none'))
    expect(reachOf(whoIs(...ROLES), 'api_key:verify')).toBe('none')
  })

  it('is all that the gateway may ask for itself', () => {
    expect(reachOf(GATEWAY_PRINCIPAL, 'api_key:create:*')).toBe('none')
    expect(reachOf(GATEWAY_PRINCIPAL, 'issue:read:*')).toBe('none')
  })
})

describe('a caller', () => {
  it('gets the reason of a refusal', () => {
    expect(check(customer, 'issue:read', 'cust_1')).toEqual({ allowed: true, reason: 'granted' })
    expect(check(customer, 'issue:read', 'cust_2')).toEqual({ allowed: false, reason: 'not their own' })
    expect(check(customer, 'issue:create')).toEqual({ allowed: false, reason: 'not granted' })
  })

  it('has the roles that they have', () => {
    expect([hasRole(whoIs('operator'), 'operator'), hasRole(whoIs('operator'), 'admin')]).toEqual([true, false])
  })

  it('reaches the same on the second question, and from an equal set of roles', () => {
    const [first, second] = [whoIs('reviewer', 'operator'), whoIs('operator', 'reviewer')]

    expect([1, 2].map(() => reachOf(first, 'issue:retry:*'))).toEqual(['all', 'all'])
    expect(reachOf(second, 'issue:retry:*')).toBe('all')
    expect(reachOf(second, 'audit:read:*')).toBe('none')
  })

  it('owns nothing unless it is a customer, not even data without an owner', () => {
    expect([isOwner(customer, 'cust_1'), isOwner(customer, null), isOwner(whoIs('admin'), null)]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('an API key', () => {
  const key: Principal = { id: 'api-key:1f', roles: ['operator', 'admin'], customerId: null, tenant: 'default' }

  it('changes no policy, whatever its roles: it may be the second name of a person', () => {
    expect(reachOf(key, 'policy:propose:*')).toBe('none')
    expect(reachOf(key, 'policy:publish')).toBe('none')
    expect(reachOf(key, 'policy:read:*')).toBe('all')
    expect(reachOf({ ...key, id: 'ada' }, 'policy:propose:*')).toBe('all')
  })
})

describe('a caller of another tenant than the default one', () => {
  const admin: Principal = { ...whoIs('admin'), tenant: 'acme' }

  it('reaches the data of its tenant', () => {
    expect(reachOf(admin, 'issue:read:*')).toBe('all')
    expect(reachOf(admin, 'policy:read:*')).toBe('all')
  })

  // Written by hand: this table is the agreement.
  it.for([
    'queue:pause:*',
    'queue:clear:*',
    'schedule:write:*',
    'provider:stop:*',
    'provider:reset:*',
    'policy:propose:*',
    'policy:publish:*',
    'rule:write:*',
    'audit:verify:*',
  ])('does not change the installation: %s', (permission) => {
    expect(reachOf(admin, permission)).toBe('none')
    expect(reachOf(whoIs('admin'), permission)).toBe('all')
  })
})

describe('a customer', () => {
  it('reaches their own data only', () => {
    expect(reachOf(customer, 'issue:read:*')).toBe('own')
    expect(can(customer, 'issue:read', 'cust_1')).toBe(true)
    expect(can(customer, 'issue:read', 'cust_2')).toBe(false)
  })

  it('reaches their own data after another caller with the same roles reached nothing', () => {
    const nobody: Principal = { ...customer, customerId: null }

    expect([nobody, customer].map((one) => reachOf(one, 'transaction:read:*'))).toEqual(['none', 'own'])
  })

  it('reaches nothing where the token names no customer', () => {
    expect(reachOf({ ...customer, customerId: null }, 'issue:read:*')).toBe('none')
  })
})
