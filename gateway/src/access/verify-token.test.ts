import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJWK, importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTokenVerifier } from './verify-token.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const verify = createTokenVerifier({ keys: async () => publicKey, issuer: 'redress', audience: 'redress' })
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED' })

const now = () => Math.floor(Date.now() / 1000)
const CLAIMS = { sub: 'ada', iss: 'redress', aud: 'redress', roles: ['reviewer'] }

function sign(claims: JWTPayload, key: KeyObject = privateKey, header: JWTHeaderParameters = { alg: 'ES256' }) {
  return new SignJWT({ exp: now() + 60, ...claims }).setProtectedHeader(header).sign(key)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token', () => {
  it('says who somebody is, with the roles that Redress knows', async () => {
    const token = await sign({ ...CLAIMS, roles: ['reviewer', 'emperor'], customerId: 'cust_042' })

    expect(await verify(`Bearer ${token}`)).toEqual({ id: 'ada', roles: ['reviewer'], customerId: 'cust_042' })
  })

  it('is good a second time', async () => {
    const token = await sign(CLAIMS)

    expect(await verify(`Bearer ${token}`)).toBe(await verify(`bearer ${token}`))
  })

  it('of somebody without roles is good, and grants nothing', async () => {
    const { roles: _, ...claims } = CLAIMS

    expect(await verify(`Bearer ${await sign(claims)}`)).toMatchObject({ id: 'ada', roles: [] })
    expect(await verify(`Bearer ${await sign({ ...CLAIMS, roles: 'admin' })}`)).toMatchObject({ roles: [] })
  })

  it.for<[string, JWTPayload]>([
    ['is expired', { ...CLAIMS, exp: now() - 1 }],
    ['is not valid yet', { ...CLAIMS, nbf: now() + 60 }],
    ['was issued by somebody else', { ...CLAIMS, iss: 'acme' }],
    ['is meant for somebody else', { ...CLAIMS, aud: 'acme' }],
    ['names nobody', { iss: 'redress', aud: 'redress' }],
    ['names an empty subject', { ...CLAIMS, sub: '' }],
  ])('that %s is refused', async ([, claims]) => {
    await expect(verify(`Bearer ${await sign(claims)}`)).rejects.toEqual(refusal)
  })

  it('that never expires is refused', async () => {
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)

    await expect(verify(`Bearer ${token}`)).rejects.toEqual(refusal)
  })

  it('that expires while it is remembered is refused from then on', async () => {
    const token = await sign({ ...CLAIMS, exp: now() + 1 })
    await verify(`Bearer ${token}`)

    await expect.poll(() => verify(`Bearer ${token}`).catch((error) => error), { timeout: 3_000 }).toEqual(refusal)
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
