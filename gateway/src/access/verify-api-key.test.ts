import { hashOfApiKey, toApiKeySecret } from '@redress/shared/access/api-key.ts'
import { describe, expect, it } from 'vitest'
import type { ApiKeyFacts } from './find-api-key.ts'
import { createApiKeyCallers } from './verify-api-key.ts'

const ID = '0123456789abcdef0123'
const SECRET = toApiKeySecret(ID, Buffer.alloc(32, 7))
const WRONG = toApiKeySecret(ID, Buffer.alloc(32, 8))
const START = Date.parse('2030-01-01T00:00:00Z')
const FACTS: ApiKeyFacts = {
  name: 'billing export',
  hash: hashOfApiKey(SECRET),
  roles: ['read_only'],
  tenant: 'default',
  requestsPerMinute: 600,
  expiresAt: null,
  revokedAt: null,
}
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED', message: 'The API key is not valid.' })
const later = expect.objectContaining({ code: 'STORE_UNAVAILABLE', kind: 'unavailable' })

/** A gateway with a clock and a record of keys, which may be away. */
function gatewayWith(given: Partial<ApiKeyFacts> = {}) {
  const world = { ms: START, asked: 0, away: false, facts: { ...FACTS, ...given } }
  const callers = createApiKeyCallers({
    now: () => world.ms,
    findApiKey: async (id) => {
      world.asked++
      if (world.away) throw new Error('nobody answers')
      return id === ID ? world.facts : null
    },
  })
  return { world, ...callers }
}

describe('an API key', () => {
  it('identifies the caller, with roles and rate limit', async () => {
    const { verify } = gatewayWith({ expiresAt: new Date(START + 1_000) })

    expect(await verify(SECRET)).toMatchObject({
      principal: { id: `api-key:${ID}`, roles: ['read_only'], customerId: null },
      requestsPerMinute: 600,
      expiresAt: START + 1_000,
    })
  })

  it('is known at once for 5 s, and the same caller after that', async () => {
    const { world, findKnown, verify } = gatewayWith()
    const caller = await verify(SECRET)

    world.ms += 4_999
    expect(findKnown(SECRET)).toBe(caller)
    world.ms += 1
    expect(findKnown(SECRET)).toBeNull()
    expect(await verify(SECRET)).toBe(caller)
    expect(world.asked).toBe(2)
  })

  it('is fetched once for concurrent requests', async () => {
    const { world, verify } = gatewayWith()

    await Promise.all([verify(SECRET), verify(SECRET), verify(SECRET)])

    expect(world.asked).toBe(1)
  })

  it.for<[string, string, Partial<ApiKeyFacts>]>([
    ['with another secret', WRONG, {}],
    ['that was revoked', SECRET, { revokedAt: new Date(START - 1) }],
    ['that has expired', SECRET, { expiresAt: new Date(START) }],
    ['that nobody made', toApiKeySecret('f'.repeat(20), Buffer.alloc(32)), {}],
    ['whose hash is no hash', SECRET, { hash: '' }],
  ])('%s is refused, with the same message as any other', async ([, secret, facts]) => {
    const { findKnown, verify } = gatewayWith(facts)

    await expect(verify(secret)).rejects.toEqual(refusal)
    expect(findKnown(secret)).toBeNull()
  })

  it.for(['', 'rdk_', ID, `rdk_${ID}_short`, `${SECRET}x`, `rdk_${ID.toUpperCase()}${SECRET.slice(24)}`, '__proto__'])(
    'that reads %j is refused without asking',
    async (secret) => {
      const { world, verify } = gatewayWith()

      await expect(verify(secret)).rejects.toEqual(refusal)
      expect(world.asked).toBe(0)
    },
  )

  it('with another secret is refused though the right one is known', async () => {
    const { findKnown, verify } = gatewayWith()
    await verify(SECRET)

    expect(findKnown(WRONG)).toBeNull()
    await expect(verify(WRONG)).rejects.toEqual(refusal)
  })

  it('that does not exist is fetched once in 5 s', async () => {
    const { world, verify } = gatewayWith()
    const unknown = toApiKeySecret('f'.repeat(20), Buffer.alloc(32))
    const refuse = () => expect(verify(unknown)).rejects.toEqual(refusal)

    await refuse()
    await refuse()
    expect(world.asked).toBe(1)
    world.ms += 5_000
    await refuse()
    expect(world.asked).toBe(2)
  })

  it('that is revoked is refused 5 s later, and its callers are no longer valid', async () => {
    const { world, verify } = gatewayWith()
    const caller = await verify(SECRET)
    expect(caller.isStillValid()).toBe(true)

    world.facts = { ...world.facts, revokedAt: new Date(START + 1) }
    world.ms += 5_000

    expect(await caller.isStillValid()).toBe(false)
    await expect(verify(SECRET)).rejects.toEqual(refusal)
  })

  it('expires to the millisecond, though it is known', async () => {
    const { world, findKnown, verify } = gatewayWith({ expiresAt: new Date(START + 1_000) })
    const caller = await verify(SECRET)

    world.ms += 1_000

    expect(findKnown(SECRET)).toBeNull()
    expect(caller.isStillValid()).toBe(false)
    await expect(verify(SECRET)).rejects.toEqual(refusal)
  })
})

describe('while the record of keys is away, an API key', () => {
  it('stays good for the rest of a minute, and is good again when the record is back', async () => {
    const { world, verify } = gatewayWith()
    const caller = await verify(SECRET)
    world.away = true

    world.ms = START + 59_999
    expect(await verify(SECRET)).toBe(caller)
    world.ms = START + 60_000
    await expect(verify(SECRET)).rejects.toEqual(later)
    expect(await caller.isStillValid()).toBe(false)

    world.away = false
    world.ms += 1_000
    expect(await verify(SECRET)).toBe(caller)
  })

  it('that was not seen before is neither let in nor refused for good', async () => {
    const { world, verify } = gatewayWith()
    world.away = true
    await expect(verify(SECRET)).rejects.toEqual(later)

    world.away = false
    world.ms += 1_000
    expect(await verify(SECRET)).toMatchObject({ requestsPerMinute: 600 })
  })

  it('stays refused with another secret, and when it was revoked', async () => {
    const { world, verify } = gatewayWith({ revokedAt: new Date(START - 1) })
    await expect(verify(SECRET)).rejects.toEqual(refusal)
    world.away = true
    world.ms += 10_000

    await expect(verify(SECRET)).rejects.toEqual(refusal)
    await expect(verify(WRONG)).rejects.toEqual(refusal)
  })

  it('is called once a second, so that requests do not wait in vain', async () => {
    const { world, verify } = gatewayWith()
    world.away = true
    await expect(verify(SECRET)).rejects.toEqual(later)
    await expect(verify(SECRET)).rejects.toEqual(later)
    expect(world.asked).toBe(1)

    world.ms += 1_000
    await expect(verify(SECRET)).rejects.toEqual(later)
    expect(world.asked).toBe(2)
  })
})
