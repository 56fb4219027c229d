import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createInternalTokenSigner, createInternalTokenVerifier, toPrincipal } from './internal-token.ts'
import { GATEWAY_PRINCIPAL, type Principal } from './permissions.ts'

const keys = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    key: privateKey,
    private: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    public: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  }
}
const ours = keys()
const sign = createInternalTokenSigner(ours.private)
const verify = createInternalTokenVerifier(ours.public)
const ada: Principal = { id: 'ada', roles: ['reviewer'], customerId: null, tenant: 'default' }
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED' })
const tokenWith = (change: { issuer?: string; audience?: string; expires?: string }, key = ours.key) =>
  new SignJWT({ roles: ['admin'], customerId: null, tenant: 'default' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject('ada')
    .setIssuer(change.issuer ?? 'redress-gateway')
    .setAudience(change.audience ?? 'redress-subgraph')
    .setExpirationTime(change.expires ?? '1m')
    .sign(key)

describe('the internal token', () => {
  it('carries the principal from the gateway to a subgraph', async () => {
    expect(await verify(await sign(ada))).toEqual(ada)
    expect(await verify(await sign({ ...ada, tenant: 'acme' }))).toEqual({ ...ada, tenant: 'acme' })
  })

  it('is signed once for the requests of one caller', async () => {
    expect(await sign(ada)).toBe(await sign({ ...ada }))
  })

  it('differs for another caller', async () => {
    expect(await sign(ada)).not.toBe(await sign({ ...ada, roles: ['admin'] }))
    expect(await sign(ada)).not.toBe(await sign({ ...ada, tenant: 'acme' }))
  })

  it('carries the role of the gateway too, which no token of a caller can', async () => {
    expect(await verify(await sign(GATEWAY_PRINCIPAL))).toEqual(GATEWAY_PRINCIPAL)
    expect(toPrincipal({ sub: 'gateway', roles: ['gateway', 'operator'] }).roles).toEqual(['operator'])
  })

  it('made with another key is refused', async () => {
    await expect(verify(await tokenWith({}, keys().key))).rejects.toThrow(refusal)
  })

  it.for([
    ['for somebody else', { audience: 'clients' }],
    ['from somebody else', { issuer: 'stranger' }],
    ['that is expired', { expires: '-1s' }],
  ] as const)('%s is refused', async ([, change]) => {
    await expect(verify(await tokenWith(change))).rejects.toThrow(refusal)
  })

  it.for([null, '', 'garbage', 'a.b.c'])('that is %s is refused', async (token) => {
    await expect(verify(token)).rejects.toThrow(refusal)
  })
})
