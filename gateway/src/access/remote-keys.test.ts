import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { createRemoteKeys, type RemoteKeysOptions } from './remote-keys.ts'
import { createTokenCallers } from './verify-token.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  opened.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
}

/** An issuer of tokens: a set of keys at a URL, of which one signs. */
async function startIssuer() {
  const published: JWK[] = []
  const issuer = {
    asked: 0,
    url: await serve((_, response) => {
      issuer.asked++
      response.end(JSON.stringify({ keys: published }))
    }),
    async addKey(kid: string) {
      const pair = generateKeyPairSync('ed25519')
      published.push({ ...(await exportJWK(pair.publicKey)), kid, alg: 'EdDSA' })
      return (name = kid) =>
        new SignJWT({ roles: ['operator'] })
          .setProtectedHeader({ alg: 'EdDSA', kid: name })
          .setSubject('ada')
          .setIssuer('redress')
          .setAudience('redress')
          .setExpirationTime('1m')
          .sign(pair.privateKey)
    },
    withdraw: () => void published.splice(0),
  }
  return issuer
}

function callersOf(url: string, options: RemoteKeysOptions = {}) {
  const callers = createTokenCallers({ keys: createRemoteKeys(url, options), issuer: 'redress', audience: 'redress' })
  return (token: string) => callers.verify(`Bearer ${token}`)
}

const ada = expect.objectContaining({
  principal: { id: 'ada', roles: ['operator'], customerId: null, tenant: 'default' },
})
const refusal = expect.objectContaining({ code: 'UNAUTHENTICATED' })
const later = expect.objectContaining({ code: 'STORE_UNAVAILABLE', kind: 'unavailable' })

describe('keys at a URL', () => {
  it('are read once for many tokens', async () => {
    const issuer = await startIssuer()
    const sign = await issuer.addKey('first')
    const verify = callersOf(issuer.url)

    expect(await verify(await sign())).toEqual(ada)
    expect(await verify(await sign())).toEqual(ada)
    expect(issuer.asked).toBe(1)
  })

  it('are read again when a token names a new one', async () => {
    const issuer = await startIssuer()
    const [sign, verify] = [await issuer.addKey('first'), callersOf(issuer.url, { cooldownMs: 0 })]
    await verify(await sign())

    const signWithNew = await issuer.addKey('second')

    expect(await verify(await signWithNew())).toEqual(ada)
    expect(await verify(await sign())).toEqual(ada)
    expect(issuer.asked).toBe(2)
  })

  it('are not read again for each invented key id', async () => {
    const issuer = await startIssuer()
    const [sign, verify] = [await issuer.addKey('first'), callersOf(issuer.url)]
    await verify(await sign())

    await expect(verify(await sign('invented'))).rejects.toEqual(refusal)
    await expect(verify(await sign('another'))).rejects.toEqual(refusal)
    expect(issuer.asked).toBe(1)
  })

  it('verify nothing by a key under another’s name', async () => {
    const [issuer, forger] = [await startIssuer(), await startIssuer()]
    await issuer.addKey('first')
    const sign = await forger.addKey('first')

    await expect(callersOf(issuer.url)(await sign())).rejects.toEqual(refusal)
  })

  it.for<[string, RequestListener, number?]>([
    ['do not answer', () => undefined, 50],
    ['answer with an error', (_, response) => response.writeHead(500).end()],
    ['are no keys', (_, response) => response.end('{}')],
    ['have moved', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
  ])('that %s are a reason to try later, not to let anybody in', async ([, listener, timeoutMs = 60_000]) => {
    const sign = await (await startIssuer()).addKey('first')

    await expect(callersOf(await serve(listener), { timeoutMs })(await sign())).rejects.toEqual(later)
  })
})
