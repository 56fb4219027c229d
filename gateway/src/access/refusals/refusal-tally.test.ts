import { describe, expect, it } from 'vitest'
import type { Refusal } from './refusal.ts'
import { createRefusalTally, toMaskedNetwork } from './refusal-tally.ts'

const AT = Date.parse('2030-01-01T00:00:00Z')
const refusal = (given: Partial<Refusal> = {}): Refusal => ({
  reason: 'INVALID_CREDENTIALS',
  callerId: null,
  clientIp: '192.0.2.17',
  permission: null,
  ...given,
})

describe('refusals', () => {
  it('with everything in common are counted together, with the first and the last moment', () => {
    const tally = createRefusalTally()

    for (let second = 0; second < 30; second++)
      tally.add(refusal({ clientIp: `192.0.2.${second}` }), AT + second * 1_000)

    expect(tally.take()).toEqual([
      {
        ...{ reason: 'INVALID_CREDENTIALS', callerId: null, network: '192.0.2.0/24', permission: null, count: 30 },
        ...{ firstAt: '2030-01-01T00:00:00.000Z', lastAt: '2030-01-01T00:00:29.000Z' },
      },
    ])
    expect(tally.take()).toEqual([])
  })

  it('of different reasons, callers and permissions are counted apart', () => {
    const tally = createRefusalTally()

    tally.add(refusal(), AT)
    tally.add(refusal({ reason: 'TOKEN_EXPIRED', callerId: 'ada' }), AT)
    tally.add(refusal({ reason: 'FORBIDDEN', callerId: 'ada', permission: 'issue:review:*' }), AT)
    tally.add(refusal({ reason: 'FORBIDDEN', callerId: 'ada', permission: 'issue:retry:*' }), AT)
    tally.add(refusal({ reason: 'FORBIDDEN', callerId: 'bob', permission: 'issue:retry:*' }), AT)

    expect(tally.take().map(({ count }) => count)).toEqual([1, 1, 1, 1, 1])
  })

  it('of an attacker with many networks are 11 counts of one reason, and hide no other reason', () => {
    const tally = createRefusalTally()

    for (let one = 0; one < 1_000; one++) tally.add(refusal({ clientIp: `10.${one % 250}.${one >> 2}.1` }), AT)
    tally.add(refusal({ reason: 'FORBIDDEN', callerId: 'ada', permission: 'issue:review:*' }), AT)

    const counted = tally.take()
    expect(counted).toHaveLength(12)
    expect(counted[10]).toMatchObject({ reason: 'INVALID_CREDENTIALS', network: null, count: 990 })
    expect(counted[11]).toMatchObject({ reason: 'FORBIDDEN', callerId: 'ada', count: 1 })
  })
})

describe('the network of an address', () => {
  it.for([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['::1', '0:0:0::/48'],
    ['unknown', null],
  ] as const)('of %s is %s', ([ip, network]) => {
    expect(toMaskedNetwork(ip)).toBe(network)
  })
})
