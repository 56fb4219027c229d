import { describe, expect, it } from 'vitest'
import { isTenant, toTenant } from './tenant.ts'

describe('the name of a tenant', () => {
  it.for(['default', 'a', '1', 'acme-eu', 'a'.repeat(63)])('can be %s', (name) => {
    expect(isTenant(name)).toBe(true)
    expect(toTenant(name)).toBe(name)
  })

  it.for(['', '-acme', 'Acme', 'acme_eu', 'acme.eu', 'acme ', 'acme\n', 'ä', 'a'.repeat(64), 7, {}, ['acme'], true])(
    'cannot be %j',
    (value) => {
      expect(isTenant(value)).toBe(false)
      expect(() => toTenant(value)).toThrow()
    },
  )

  it('is default where none is given', () => {
    expect([undefined, null].map(toTenant)).toEqual(['default', 'default'])
  })
})
