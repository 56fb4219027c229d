import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJWK, importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { CheckUnavailableError } from './errors.ts'
import { createTokenCallers, type TokenRules } from './verify-token.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
/** The caller of a token, without the rest of the result. */
function createTokenVerifier(rules: TokenRules) {
  const callers = createTokenCallers(rules)
  return async (authorization: string | null) => (await callers.verify(authorization ?? '')).principal
}

const verify = createTokenVerifier({ keys: async () => publicKey, issuer: 'redress', audience: 'redress' })
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED' })

const now = () => Math.floor(Date.now() / 1000)
const CLAIMS = { sub: 'ada', iss: 'redress', aud: 'redress', roles: ['reviewer'] }

function sign(claims: JWTPayload, key: KeyObject = privateKey, header: JWTHeaderParameters = { alg: 'ES256' }) {
  return new SignJWT({ exp: now() + 60, ...claims }).setProtectedHeader(header).sign(key)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token', () => {
  it('identifies the caller, with the roles that Redress knows', async () => {
    const token = await sign({ ...CLAIMS, roles: ['reviewer', 'emperor'], customerId: 'cust_042' })

    expect(await verify(`Bearer ${token}`)).toEqual({
      ...{ id: 'ada', roles: ['reviewer'], customerId: 'cust_042' },
      tenant: 'default',
    })
  })

  it.for<[unknown, string]>([
    ['Acme', 'TENANT_INVALID'],
    ['', 'TENANT_INVALID'],
    [7, 'TENANT_INVALID'],
    [null, 'TENANT_INVALID'],
    ['acme', 'TENANT_NOT_SERVED'],
  ])('of the tenant %j is refused: %s', async ([tenant, reason]) => {
    const token = await sign({ ...CLAIMS, tenant })

    await expect(verify(`Bearer ${token}`)).rejects.toMatchObject({
      ...{ code: 'UNAUTHENTICATED', facts: { reason }, subject: 'ada' },
    })
  })

  it('is good a second time', async () => {
    const token = await sign(CLAIMS)

    expect(await verify(`Bearer ${token}`)).toBe(await verify(`Bearer ${token}`))
    expect(await verify(`bearer ${token}`)).toEqual(await verify(`Bearer ${token}`))
  })

  it('with the signature of a known one and other claims is refused', async () => {
    const token = await sign(CLAIMS)
    await verify(`Bearer ${token}`)
    const [header, , signature] = token.split('.')
    const claims = encode({ exp: now() + 60, ...CLAIMS, roles: ['admin'] })

    await expect(verify(`Bearer ${header}.${claims}.${signature}`)).rejects.toEqual(refusal)
  })

  it('without roles is valid, and grants nothing', async () => {
    const { roles: _, ...claims } = CLAIMS

    expect(await verify(`Bearer ${await sign(claims)}`)).toMatchObject({ id: 'ada', roles: [] })
    expect(await verify(`Bearer ${await sign({ ...CLAIMS, roles: 'admin' })}`)).toMatchObject({ roles: [] })
  })

  it.for<[string, JWTPayload]>([
    ['is expired', { ...CLAIMS, exp: now() - 6 }],
    ['is not valid yet', { ...CLAIMS, nbf: now() + 60 }],
    ['was issued by somebody else', { ...CLAIMS, iss: 'acme' }],
    ['is meant for somebody else', { ...CLAIMS, aud: 'acme' }],
    ['names nobody', { iss: 'redress', aud: 'redress' }],
    ['names an empty subject', { ...CLAIMS, sub: '' }],
    ['names a blank subject', { ...CLAIMS, sub: ' \t' }],
    ['names a subject that is a number', { ...CLAIMS, sub: 42 as never }],
    ['names a subject that is a list', { ...CLAIMS, sub: ['ada'] as never }],
    ['names an API key', { ...CLAIMS, sub: 'api-key:0123456789abcdef0123' }],
    ['names an API key in another spelling', { ...CLAIMS, sub: ' API_Key：0123' }],
    ['names a part of Redress', { ...CLAIMS, sub: 'redress:worker' }],
    ['names the gateway', { ...CLAIMS, sub: 'gateway' }],
    ['names half a character', { ...CLAIMS, sub: 'ada\ud800' }],
    ['names two lines', { ...CLAIMS, sub: 'ada\nbob' }],
    ['names without end', { ...CLAIMS, sub: 'a'.repeat(201) }],
    ['is valid for longer than 8 hours', { ...CLAIMS, iat: now(), exp: now() + 8 * 3600 + 60 }],
    ['does not say since when, and is valid for longer', { ...CLAIMS, exp: now() + 8 * 3600 + 60 }],
    ['was issued in the future, to be valid for longer', { ...CLAIMS, iat: now() + 86_400, exp: now() + 90_000 }],
    ['was issued long ago, to be valid for longer', { ...CLAIMS, iat: now() - 8 * 3600, exp: now() + 60 }],
  ])('that %s is refused', async ([, claims]) => {
    await expect(verify(`Bearer ${await sign(claims)}`)).rejects.toEqual(refusal)
  })

  it('may be valid for 8 hours, or as long as is configured', async () => {
    const [day, hours] = [24 * 3600, 8 * 3600]
    const patient = createTokenVerifier({
      ...{ keys: async () => publicKey, issuer: 'redress', audience: 'redress' },
      lifetimeMaxMs: day * 1000,
    })

    expect(await verify(`Bearer ${await sign({ ...CLAIMS, iat: now(), exp: now() + hours })}`)).toMatchObject({
      id: 'ada',
    })
    expect(await patient(`Bearer ${await sign({ ...CLAIMS, iat: now(), exp: now() + day })}`)).toMatchObject({
      id: 'ada',
    })
  })

  it('that was revoked is refused, before and after it was used', async () => {
    const revoked = new Set<string>()
    const revocations = {
      isRevoked: ({ jti = '' }: { jti?: string }) => revoked.has(jti),
      loaded: Promise.resolve(),
      close: () => {},
    }
    const rules = { keys: async () => publicKey, issuer: 'redress', audience: 'redress', revocations }
    const callers = createTokenCallers(rules)
    const [used, unused] = [await sign({ ...CLAIMS, jti: 'used' }), await sign({ ...CLAIMS, jti: 'unused' })]
    const caller = await callers.verify(`Bearer ${used}`)

    for (const jti of ['used', 'unused']) revoked.add(jti)

    expect(callers.findKnown(`Bearer ${used}`)).toBeNull()
    expect(caller.isStillValid()).toBe(false)
    const reason = expect.objectContaining({ code: 'UNAUTHENTICATED', facts: { reason: 'TOKEN_REVOKED' } })
    await expect(callers.verify(`Bearer ${used}`)).rejects.toEqual(reason)
    await expect(callers.verify(`Bearer ${unused}`)).rejects.toEqual(reason)
  })

  it('of a person whose name begins like that of a part is good', async () => {
    for (const sub of ['redressa', 'gateway-team@example.org', 'api.keyes', 'auth0|42', 'кей:1']) {
      expect(await verify(`Bearer ${await sign({ ...CLAIMS, sub })}`)).toMatchObject({ id: sub })
    }
  })

  it('that never expires is refused', async () => {
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)

    await expect(verify(`Bearer ${token}`)).rejects.toEqual(refusal)
  })

  it('is good for clocks that are up to 5 s apart', async () => {
    expect(await verify(`Bearer ${await sign({ ...CLAIMS, exp: now() - 3 })}`)).toMatchObject({ id: 'ada' })
    expect(await verify(`Bearer ${await sign({ ...CLAIMS, nbf: now() + 3 })}`)).toMatchObject({ id: 'ada' })
  })

  it('signed with another key is refused', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

    await expect(verify(`Bearer ${await sign(CLAIMS, other)}`)).rejects.toEqual(refusal)
  })

  it('that brings its own key is refused', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = await exportJWK(other.publicKey)

    await expect(verify(`Bearer ${await sign(CLAIMS, other.privateKey, { alg: 'ES256', jwk })}`)).rejects.toEqual(
      refusal,
    )
  })

  it('that names an address for its key is refused, and the address is not called', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    // Port 9 answers nobody: asking there would be another error.
    const header = { alg: 'ES256', jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/chain', kid: 'mine' }

    await expect(verify(`Bearer ${await sign(CLAIMS, other.privateKey, header)}`)).rejects.toEqual(refusal)
  })

  it('without a signature is refused', async () => {
    const token = `${encode({ alg: 'none' })}.${encode({ ...CLAIMS, exp: now() + 60 })}.`

    await expect(verify(`Bearer ${token}`)).rejects.toEqual(refusal)
  })

  it('signed with the public key as if it were a secret is refused', async () => {
    const unsigned = `${encode({ alg: 'HS256' })}.${encode({ ...CLAIMS, exp: now() + 60 })}`
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
    ]

    for (const secret of secrets) {
      const signature = createHmac('sha256', secret).update(unsigned).digest('base64url')
      await expect(verify(`Bearer ${unsigned}.${signature}`)).rejects.toEqual(refusal)
    }
  })

  it('changed by a character is refused', async () => {
    const [header, , signature] = (await sign(CLAIMS)).split('.')
    const claims = encode({ ...CLAIMS, roles: ['admin'], exp: now() + 60 })

    await expect(verify(`Bearer ${header}.${claims}.${signature}`)).rejects.toEqual(refusal)
  })

  it('signed with a public RSA key as if it were a secret is refused', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const verifyRsa = createTokenVerifier({ keys: async () => pair.publicKey, issuer: 'redress', audience: 'redress' })
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...CLAIMS, exp: now() + 60 })}`
    const secret = pair.publicKey.export({ format: 'pem', type: 'spki' })
    const signature = createHmac('sha256', secret).update(unsigned).digest('base64url')

    await expect(verifyRsa(`Bearer ${unsigned}.${signature}`)).rejects.toEqual(refusal)
  })

  it('that names another algorithm than that of the key is refused', async () => {
    const [, claims, signature] = (await sign(CLAIMS)).split('.')

    await expect(verify(`Bearer ${encode({ alg: 'RS256' })}.${claims}.${signature}`)).rejects.toEqual(refusal)
  })

  it.for([null, '', 'Bearer', 'Bearer ', 'Bearer a b', 'Basic YTpi', 'token'])('is not found in %j', async (header) => {
    await expect(verify(header)).rejects.toEqual(refusal)
  })

  it.for<[string, () => { privateKey: KeyObject; publicKey: KeyObject }]>([
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ])('may be signed with %s too', async ([alg, generate]) => {
    const pair = generate()
    const keys = await importJWK(await exportJWK(createPublicKey(pair.privateKey)), alg)
    const verifyOther = createTokenVerifier({ keys: async () => keys, issuer: 'redress', audience: 'redress' })

    expect(await verifyOther(`Bearer ${await sign(CLAIMS, pair.privateKey, { alg })}`)).toMatchObject({ id: 'ada' })
  })
})

describe('a caller with a token', () => {
  /** A gateway with a clock of its own, which counts how often it looked for the key. */
  const gatewayAt = (start: number) => {
    const clock = { ms: start * 1000, looked: 0 }
    const keys = async () => {
      clock.looked++
      return publicKey
    }
    const rules = { keys, issuer: 'redress', audience: 'redress', now: () => clock.ms }
    return { clock, callers: createTokenCallers(rules) }
  }

  it('is the same caller for the same token, known at once, until it expires', async () => {
    const { clock, callers } = gatewayAt(now())
    const authorization = `Bearer ${await sign({ ...CLAIMS, exp: now() + 60 })}`
    const before = callers.findKnown(authorization)
    const caller = await callers.verify(authorization)

    expect(before).toBeNull()
    expect(callers.findKnown(authorization)).toBe(caller)
    expect(await callers.verify(authorization)).toBe(caller)
    expect(caller.isStillValid()).toBe(true)

    clock.ms = caller.expiresAt!
    expect(callers.findKnown(authorization)).toBeNull()
    expect(caller.isStillValid()).toBe(false)
    await expect(callers.verify(authorization)).rejects.toEqual(refusal)
  })

  it('is verified once, however many requests come at the same time', async () => {
    const { clock, callers } = gatewayAt(now())
    const authorization = `Bearer ${await sign(CLAIMS)}`

    const [first, second] = await Promise.all([callers.verify(authorization), callers.verify(authorization)])

    expect(first).toBe(second)
    expect(clock.looked).toBe(1)
  })

  it('is refused without another look for as long as 5 s, then looked at again', async () => {
    const { clock, callers } = gatewayAt(now())
    const forged = `Bearer ${await sign(CLAIMS, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)}`
    const refuse = () => expect(callers.verify(forged)).rejects.toEqual(refusal)

    await refuse()
    await refuse()
    expect(clock.looked).toBe(1)

    clock.ms += 5_000
    await refuse()
    expect(clock.looked).toBe(2)
  })

  it('is given the reason for an expired token only, which reveals nothing to others', async () => {
    const told = async (claims: JWTPayload, key = privateKey) =>
      gatewayAt(now())
        .callers.verify(`Bearer ${await sign(claims, key)}`)
        .catch((error) => error.facts)
    const forger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

    expect(await told({ ...CLAIMS, exp: now() - 60 })).toEqual({ reason: 'TOKEN_EXPIRED' })
    expect(await told({ ...CLAIMS, exp: now() - 60 }, forger)).toEqual({})
    expect(await told({ ...CLAIMS, aud: 'acme' })).toEqual({})
    expect(await told({ ...CLAIMS, nbf: now() + 60 })).toEqual({})
  })

  it('is neither let in nor refused for good while the keys are away', async () => {
    let away = true
    const keys = async () => {
      if (away) throw new CheckUnavailableError({})
      return publicKey
    }
    const callers = createTokenCallers({ keys, issuer: 'redress', audience: 'redress' })
    const authorization = `Bearer ${await sign(CLAIMS)}`

    await expect(callers.verify(authorization)).rejects.toMatchObject({ kind: 'unavailable' })
    away = false
    expect(await callers.verify(authorization)).toMatchObject({ principal: { id: 'ada' } })
  })
})
