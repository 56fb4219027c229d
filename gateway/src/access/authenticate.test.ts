import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from './authenticate.ts'
import { type Caller, type CallerSource, scopeOf } from './caller.ts'
import { createLocalCounters } from './counters.ts'
import { CheckUnavailableError, TokenExpiredError } from './errors.ts'
import { createFailedAttempts } from './failed-attempts.ts'

const IP = '192.0.2.1'
const callerOf = (id: string): Caller => ({
  principal: { id, roles: ['operator'], customerId: null, tenant: 'default' },
  scope: '',
  expiresAt: null,
  requestsPerMinute: null,
  isStillValid: () => true,
})

/** Credentials that say who presents them; those that are called `old` or `later` fail in their own way. */
function sourceOf(kind: string) {
  const known = new Map<string, Caller>()
  const source = {
    verified: 0,
    findKnown: (credential: string) => known.get(credential) ?? null,
    async verify(credential: string) {
      source.verified++
      if (credential === 'wrong') throw new UnauthenticatedError('no')
      if (credential === 'old') throw new TokenExpiredError('ada')
      if (credential === 'later') throw new CheckUnavailableError({})
      const caller = callerOf(`${kind}-${credential}`)
      known.set(credential, caller)
      return caller
    },
  } satisfies CallerSource & { verified: number }
  return source
}

function gateway({ required = true } = {}) {
  const [verifyToken, verifyApiKey] = [sourceOf('token'), sourceOf('key')]
  const failedAttempts = createFailedAttempts({ counters: createLocalCounters() })
  const authenticate = createAuthenticator({ verifyToken, verifyApiKey, required, failedAttempts })
  return {
    verifyToken,
    withToken: async (authorization: string, ip = IP) => authenticate({ authorization, apiKey: null }, ip),
    withKey: async (apiKey: string) => authenticate({ authorization: null, apiKey }, IP),
    authenticate,
  }
}
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED' })
const tooMany = expect.objectContaining({ code: 'RATE_LIMITED' })

describe('a caller', () => {
  it('comes with a token or with an API key', async () => {
    const { withToken, withKey } = gateway()

    expect(await withToken('ada')).toMatchObject({ principal: { id: 'token-ada' } })
    expect(await withKey('ada')).toMatchObject({ principal: { id: 'key-ada' } })
  })

  it('is known at once from the second time on', async () => {
    const { authenticate, withToken } = gateway()
    const caller = await withToken('ada')

    expect(authenticate({ authorization: 'ada', apiKey: null }, IP)).toBe(caller)
  })

  it('with both is refused, and so is one with neither', () => {
    const { authenticate } = gateway()

    expect(() => authenticate({ authorization: 'ada', apiKey: 'ada' }, IP)).toThrow(refusal)
    expect(() => authenticate({ authorization: null, apiKey: null }, IP)).toThrow(refusal)
  })

  it('is anybody, with all permissions, where none are required', () => {
    const { authenticate } = gateway({ required: false })
    const anybody = authenticate({ authorization: null, apiKey: null }, IP)

    expect(anybody).toMatchObject({
      principal: { id: 'anybody', roles: ['admin'], customerId: null, tenant: 'default' },
    })
    expect(authenticate({ authorization: 'wrong', apiKey: 'wrong' }, IP)).toBe(anybody)
  })
})

describe('an address with 20 wrong credentials', () => {
  const failing = async () => {
    const built = gateway()
    const known = await built.withToken('ada')
    for (let time = 0; time < 20; time++) await expect(built.withToken('wrong')).rejects.toEqual(refusal)
    return { ...built, known }
  }

  it('is refused before anything is verified', async () => {
    const { verifyToken, withToken, withKey } = await failing()
    const { verified } = verifyToken

    await expect(withToken('wrong')).rejects.toEqual(tooMany)
    await expect(withToken('bob')).rejects.toEqual(tooMany)
    await expect(withKey('bob')).rejects.toEqual(tooMany)
    expect(verifyToken.verified).toBe(verified)
  })

  it('excludes neither known callers there, nor callers at other addresses', async () => {
    const { withToken, known } = await failing()

    expect(await withToken('ada')).toBe(known)
    expect(await withToken('bob', '192.0.2.2')).toMatchObject({ principal: { id: 'token-bob' } })
  })

  it('is not one with expired tokens, with none, or where they cannot be checked', async () => {
    const { authenticate, withToken } = gateway()
    for (let time = 0; time < 30; time++) {
      await expect(withToken('old')).rejects.toEqual(refusal)
      await expect(withToken('later')).rejects.toMatchObject({ kind: 'unavailable' })
      expect(() => authenticate({ authorization: null, apiKey: null }, IP)).toThrow(refusal)
    }

    expect(await withToken('ada')).toMatchObject({ principal: { id: 'token-ada' } })
  })
})

describe('the scope', () => {
  const scope = (
    id: string,
    roles: Caller['principal']['roles'],
    customerId: string | null = null,
    tenant = 'default',
  ) => scopeOf({ id, roles, customerId, tenant })

  it('is the same for callers with the same answers', () => {
    expect(scope('ada', ['operator', 'monitoring'])).toBe(scope('bob', ['monitoring', 'operator']))
    expect(scope('eve', ['customer'], 'cust_1')).toBe(scope('dan', ['customer'], 'cust_1'))
  })

  it('differs for other roles, tenants and customers, and for each caller who may read personal data or sees only their own jobs', () => {
    const scopes = [
      scope('ada', ['operator']),
      scope('ada', ['read_only']),
      scope('ada', ['operator'], null, 'acme'),
      scope('eve', ['customer'], 'cust_1'),
      scope('eve', ['customer'], 'cust_2'),
      scope('ada', ['reviewer']),
      scope('bob', ['reviewer']),
      scope('ada', ['service']),
      scope('bob', ['service']),
      scope('ada', ['admin']),
    ]

    expect(new Set(scopes).size).toBe(scopes.length)
  })
})
