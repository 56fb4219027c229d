import { describe, expect, it } from 'vitest'
import { toRefusalEvent } from './refusals.ts'

const minute = {
  count: 17,
  firstAt: new Date('2030-01-01T00:00:03Z'),
  lastAt: new Date('2030-01-01T00:00:41Z'),
}

describe('refused requests', () => {
  it('of a known caller are acts of that caller', () => {
    const refusals = {
      reason: 'FORBIDDEN',
      callerId: 'ada',
      network: '192.0.2.0/24',
      permission: 'issue:review:*',
    } as const

    expect(toRefusalEvent({ ...refusals, ...minute }, 'refusal-b-0')).toEqual({
      id: 'refusal-b-0',
      type: 'access.denied',
      at: '2030-01-01T00:00:41.000Z',
      actor: 'ada',
      requestId: null,
      ip: '192.0.2.0/24',
      tenant: 'default',
      entity: { type: 'Caller', id: 'ada' },
      changes: {
        reason: { before: null, after: 'FORBIDDEN' },
        permission: { before: null, after: 'issue:review:*' },
        count: { before: null, after: 17 },
        firstAt: { before: null, after: '2030-01-01T00:00:03.000Z' },
      },
      data: {},
    })
  })

  it.for([
    ['INVALID_CREDENTIALS', 'login.failed'],
    ['TOKEN_EXPIRED', 'login.failed'],
    ['TOKEN_LIFETIME', 'login.failed'],
    ['TOKEN_REVOKED', 'login.failed'],
    ['BAN', 'address.banned'],
    ['ADDRESS_BANNED', 'access.limited'],
    ['ADDRESS_LIMITED', 'access.limited'],
    ['CALLER_LIMITED', 'access.limited'],
  ] as const)('of a stranger for %s are %s, of a network', ([reason, type]) => {
    expect(toRefusalEvent({ reason, network: '192.0.2.0/24', ...minute }, 'r')).toMatchObject({
      type,
      actor: 'redress:gateway',
      entity: { type: 'Network', id: '192.0.2.0/24' },
    })
  })

  it('of several networks name none', () => {
    const event = toRefusalEvent({ reason: 'BAN', ...minute }, 'r')

    expect(event).toMatchObject({ ip: null, entity: { type: 'Network', id: '*' } })
  })
})
