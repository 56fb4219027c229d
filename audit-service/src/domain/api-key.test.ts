import type { Principal, Role } from '@redress/shared/access/permissions.ts'
import { findSchemaProblems } from '@redress/shared/testing/schema-problems.ts'
import { describe, expect, it } from 'vitest'
import { createKey, type KeyRequest, revokeKey } from './api-key.ts'

const now = new Date('2030-01-01T00:00:00Z')
const secret = { id: '0123456789abcdef0123', secret: `rdk_0123456789abcdef0123_${'a'.repeat(43)}` }
const cause = { actor: 'ada', requestId: 'req-1', ip: '192.0.2.1', tenant: 'default' }
const whoIs = (...roles: Role[]): Principal => ({ id: 'ada', roles, customerId: null, tenant: 'default' })
const make = (request: Partial<KeyRequest> = {}, granter = whoIs('admin')) =>
  createKey({ name: 'billing export', roles: ['read_only'], ...request }, { secret, granter, cause, now })
const refusal = (code: string) => expect.objectContaining({ code })

const problemsOf = findSchemaProblems(new URL('../../schema.graphql', import.meta.url), 'CreateApiKeyInput')

describe('an API key', () => {
  it('stores a hash of its secret, and its roles', () => {
    const { key } = make({ requestsPerMinute: 600, roles: ['read_only', 'read_only'], name: ' billing export ' })

    expect(key).toEqual({
      id: secret.id,
      name: 'billing export',
      roles: ['read_only'],
      requestsPerMinute: 600,
      // printf %s rdk_0123456789abcdef0123_aaa… | sha256sum
      hash: '623375bddc1862a35da28ea5b179696566ff2c66353bf2bccab59c8aad4e3401',
      tenant: 'default',
      createdBy: 'ada',
      createdAt: now,
      expiresAt: null,
      revokedAt: null,
    })
  })

  it('has a name without personal data', () => {
    expect(make({ name: 'export for ada@example.org' }).key.name).toBe('export for [email]')
  })

  it('has one event of its creation, without its secret', () => {
    const { event } = make({ expiresAt: new Date('2031-01-01T00:00:00Z') })

    expect(event).toEqual({
      id: `${secret.id}-1`,
      type: 'api_key.created',
      at: '2030-01-01T00:00:00.000Z',
      ...cause,
      entity: { type: 'ApiKey', id: secret.id },
      changes: {
        name: { before: null, after: 'billing export' },
        roles: { before: null, after: ['read_only'] },
        requestsPerMinute: { before: null, after: null },
        expiresAt: { before: null, after: '2031-01-01T00:00:00.000Z' },
      },
      data: {},
    })
  })

  // Written by hand: this table is the agreement.
  it.for<[Role, Role, boolean]>([
    ['admin', 'operator', true],
    ['admin', 'reviewer', true],
    ['admin', 'read_only', true],
    ['admin', 'monitoring', true],
    ['admin', 'service', true],
    ['admin', 'admin', false],
    ['admin', 'customer', false],
    ['operator', 'operator', true],
    ['operator', 'reviewer', false],
    ['operator', 'read_only', false],
    ['customer', 'customer', false],
  ])('made by %s may be %s: %s', ([granter, role, allowed]) => {
    const attempt = () => make({ roles: [role] }, whoIs(granter))

    if (allowed) expect(attempt().key.roles).toEqual([role])
    else expect(attempt).toThrow(refusal('ROLE_NOT_GRANTABLE'))
  })

  it('that has expired is not made', () => {
    expect(() => make({ expiresAt: now })).toThrow(refusal('BAD_USER_INPUT'))
  })

  it.for<[string, string, object]>([
    ['name', 'without a name', { name: '  ' }],
    ['name', 'with an endless name', { name: 'x'.repeat(101) }],
    ['name', 'with half of a character in its name', { name: 'x\ud800' }],
    ['roles', 'without roles', { roles: [] }],
    ['requestsPerMinute', 'for no requests', { requestsPerMinute: 0 }],
    ['requestsPerMinute', 'for any number of requests', { requestsPerMinute: 100_001 }],
  ])('is refused for its %s: %s', ([field, , change]) => {
    expect(problemsOf({ name: 'billing export', roles: ['read_only'], ...change })).toMatchObject([{ path: [field] }])
  })

  it('is revoked strictly later than it was made, whatever the clocks say', () => {
    const { key, event } = revokeKey(make().key, { cause, now })

    expect(key.revokedAt).toEqual(new Date('2030-01-01T00:00:00.001Z'))
    expect(event).toMatchObject({
      id: `${secret.id}-2`,
      type: 'api_key.revoked',
      at: '2030-01-01T00:00:00.001Z',
      changes: { revokedAt: { before: null, after: '2030-01-01T00:00:00.001Z' } },
    })
  })
})
