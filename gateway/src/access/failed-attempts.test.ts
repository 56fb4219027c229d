import { MINUTE_MS } from '@redress/shared/time.ts'
import { describe, expect, it } from 'vitest'
import { createLocalCounters } from './counters.ts'
import { createFailedAttempts, networkOf } from './failed-attempts.ts'

const START = Date.parse('2030-01-01T00:00:00Z')

function oneGateway() {
  const clock = { ms: START }
  const now = () => clock.ms
  const attempts = createFailedAttempts({ counters: createLocalCounters(now), now })
  const fail = async (times: number, ip = '192.0.2.1') => {
    for (let time = 0; time < times; time++) await attempts.note(ip)
  }
  const isBanned = async (ip = '192.0.2.1') => {
    try {
      await attempts.check(ip)
      return false
    } catch {
      return true
    }
  }
  return { clock, attempts, fail, isBanned }
}

describe('an address', () => {
  it('may fail 19 times a minute', async () => {
    const { clock, fail, isBanned } = oneGateway()
    await fail(19)
    expect(await isBanned()).toBe(false)

    clock.ms += MINUTE_MS
    await fail(19)
    expect(await isBanned()).toBe(false)
  })

  it('is banned from the 20th failure on, for a time that it is given', async () => {
    const { clock, attempts, fail, isBanned } = oneGateway()
    await fail(20)

    expect(await isBanned()).toBe(true)
    expect(await isBanned('192.0.2.2')).toBe(false)
    clock.ms += 30_000
    expect(() => attempts.check('192.0.2.1')).toThrow(
      expect.objectContaining({ facts: { limit: 20, retryAfterSeconds: 30 } }),
    )
  })

  it('is banned for twice as long each time, up to an hour, and forgiven after a day', async () => {
    const { clock, fail, isBanned } = oneGateway()
    const minutes: number[] = []
    for (let ban = 0; ban < 8; ban++) {
      await fail(20)
      let waited = 0
      for (; await isBanned(); waited++) clock.ms += MINUTE_MS
      minutes.push(waited)
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60])

    clock.ms = START + 24 * 60 * MINUTE_MS
    await fail(20)
    clock.ms += MINUTE_MS
    expect(await isBanned()).toBe(false)
  })

  it.for([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ] as const)('%s belongs to %s', ([ip, network]) => {
    expect(networkOf(ip)).toBe(network)
  })
})
