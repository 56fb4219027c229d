import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { Cancellation } from '../../cancellation.ts'
import { sendRequest } from '../send-request.ts'
import { ConnectionPool } from './connection-pool.ts'

/** Self-signed for the name localhost, and used by this test only. */
const CERT = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUHh5i+MMQAR0eVM1svQVAYZGsMZEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE0MzQ0N1oYDzIxMjYxMTA0
MTQzNDQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARo7y9cyZCe5XHh5JcqJ9m7FGl4pkV654TAjnVFNVwzDaGq8OqZju7H
fstOGLGw7/U2MhKZxmTLD3AdGPzauAlFo2kwZzAdBgNVHQ4EFgQUeoEJaQtlNPng
YOcTyJjlo054+IUwHwYDVR0jBBgwFoAUeoEJaQtlNPngYOcTyJjlo054+IUwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAM6zhM/guI8Xz2F184SfxUkC8aE8JBPefUBXjdWtxOwKAiBeff1uvOJS
3pD4UHS+8v9VEFJ+nC02xCGa7pXss/vHVA==
-----END CERTIFICATE-----`
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiCUzGZPG/ss1B/eK
my3+8mAEViaVPz8ohnf5/T4+S5uhRANCAARo7y9cyZCe5XHh5JcqJ9m7FGl4pkV6
54TAjnVFNVwzDaGq8OqZju7HfstOGLGw7/U2MhKZxmTLD3AdGPzauAlF
-----END PRIVATE KEY-----`

function senderTo(url: URL, connectMs: number) {
  const pool = new ConnectionPool({ url, connectionsMax: 1, keepAliveMs: 60_000, answerBytesMax: 1e6, connectMs })
  onTestFinished(() => pool.close())
  const head = `POST / HTTP/1.1\r\nhost: ${url.host}\r\n`
  return (body: string) => sendRequest(pool, { head, body, timeoutMs: 60_000, cancellation: new Cancellation() })
}

/** A server with TLS that echoes, and how to send it a request under a name. */
async function start() {
  const names: unknown[] = []
  const bodies: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ cert: CERT, key: KEY }, (request, response) => {
    names.push((request.socket as { servername?: unknown }).servername)
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      bodies.push(body)
      response.end(body)
    })
  }).listen(0, '127.0.0.1')
  server.on('secureConnection', (socket) => sockets.add(socket))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const poolOf = (host: string) => {
    const url = new URL(`https://${host}:${port}`)
    return senderTo(url, 60_000)
  }
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { poolOf, names, bodies, sockets }
}

/** As NODE_EXTRA_CA_CERTS does, which is read at the start of a process only. */
function trust(cert: string) {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  onTestFinished(() => setDefaultCACertificates(before))
}

it('with TLS, requests one after the other share a connection to a server whose certificate is trusted', async () => {
  trust(CERT)
  const { poolOf, names, sockets } = await start()
  const send = poolOf('localhost')

  for (const body of ['{"ä":1}', `"${'long '.repeat(60_000)}"`, '{}']) {
    expect(await send(body)).toMatchObject({ status: 200, text: body })
  }

  expect(sockets.size).toBe(1)
  expect(new Set(names)).toEqual(new Set(['localhost']))
})

it('with TLS, a server whose certificate is not trusted, or is for another name, gets no request', async () => {
  const { poolOf, bodies } = await start()

  await expect(poolOf('localhost')('secret')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  trust(CERT)
  await expect(poolOf('127.0.0.1')('secret')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await poolOf('localhost')('not secret')

  expect(bodies).toEqual(['not secret'])
})

it('a server that takes connections but opens none has a deadline of its own for it, and requests in wait get theirs', async () => {
  const server = createPlainServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  const sockets: Socket[] = []
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const send = senderTo(new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`), 20)

  const failures = await Promise.all(['one', 'two'].map((body) => send(body).catch((error: unknown) => error)))

  expect(failures).toEqual([
    expect.objectContaining({ code: 'ETIMEDOUT' }),
    expect.objectContaining({ code: 'ETIMEDOUT' }),
  ])
  // A busy server may get to a connection only after its deadline is over.
  await expect.poll(() => sockets).toHaveLength(2)
})
