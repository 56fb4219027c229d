import { describe, expect, it } from 'vitest'
import { revokeTokens } from './revocation.ts'

const now = new Date('2030-01-01T00:00:00Z')
const cause = { actor: 'ada', requestId: 'req-1', ip: '192.0.2.1', tenant: 'default' }

describe('a revocation', () => {
  it('of one token names it, and is on record', () => {
    expect(revokeTokens(null, { jti: 't1' }, { cause, now })).toEqual({
      revocation: { id: 'jti:t1', jti: 't1', subject: null, revokedAt: now, revokedBy: 'ada', version: 1 },
      event: {
        id: 'jti:t1-1',
        type: 'token.revoked',
        at: '2030-01-01T00:00:00.000Z',
        ...cause,
        entity: { type: 'Token', id: 'jti:t1' },
        changes: { revokedAt: { before: null, after: '2030-01-01T00:00:00.000Z' } },
        data: {},
      },
    })
  })

  it('of the same token again changes nothing', () => {
    const { revocation } = revokeTokens(null, { jti: 't1' }, { cause, now })!

    expect(revokeTokens(revocation, { jti: 't1' }, { cause, now })).toBeNull()
  })

  it('of a subject again is later, whatever the clocks say', () => {
    const { revocation } = revokeTokens(null, { subject: 'eve' }, { cause, now })!

    const again = revokeTokens(revocation, { subject: 'eve' }, { cause, now })

    expect(again?.revocation).toMatchObject({ subject: 'eve', version: 2, revokedAt: new Date(now.getTime() + 1) })
    expect(again?.event.id).toBe('sub:eve-2')
  })
})
