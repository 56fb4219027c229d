import type { IncomingMessage, ServerResponse } from 'node:http'
import { startHttpServer } from '@redress/shared/process/http.ts'
import { pino } from 'pino'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { answerFailure } from './answer-failure.ts'
import { createDownloadRoute } from './download-route.ts'
import { beginExchange } from './exchange.ts'

const logged: string[] = []
const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
const LOCAL = { port: 0, host: '127.0.0.1' }

/** A stand-in for the service that has the files. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
const service = await startHttpServer((request, response) => answer(request, response), LOCAL)
const start = (serviceUrl: string, timeoutMs: number) => {
  const route = createDownloadRoute({ serviceUrl, signToken: async ({ id }) => `token-of-${id}`, timeoutMs, logger })
  return startHttpServer((request, response) => {
    const exchange = beginExchange(request, response, () => '192.0.2.1')
    route(exchange).catch((error: unknown) => answerFailure(exchange, error, logger))
  }, LOCAL)
}
const gateway = await start(`${service.url}/`, 60_000)
afterAll(() => Promise.all([gateway.close(), service.close()]))
beforeEach(() => {
  logged.length = 0
})

const HEAD = { 'content-type': 'text/csv', 'content-length': 6, 'content-disposition': 'attachment; filename="a.csv"' }
const get = (init: RequestInit = {}) => fetch(`${gateway.url}/downloads?ticket=secret.1`, init)

it('passes a file on, and forbids caches to keep it', async () => {
  let seen: IncomingMessage | null = null
  answer = (request, response) => {
    seen = request
    response.writeHead(200, { ...HEAD, 'x-other': 'kept back' }).end(request.method === 'HEAD' ? '' : 'a,b\r\n1')
  }

  const [head, whole] = [await get({ method: 'HEAD' }), await get({ headers: { 'x-request-id': 'req-1' } })]

  expect([await head.text(), await whole.text()]).toEqual(['', 'a,b\r\n1'])
  for (const { status, headers } of [head, whole]) {
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      ...{ ...HEAD, 'content-length': '6', 'cache-control': 'private, no-store' },
      ...{
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      },
    })
    expect(headers.get('x-other')).toBeNull()
  }
  const sent = { authorization: 'Bearer token-of-gateway', 'x-request-id': 'req-1', 'x-client-ip': '192.0.2.1' }
  expect(seen!).toMatchObject({ url: '/downloads?ticket=secret.1', headers: sent })
})

it.for<[number, number, string]>([
  [404, 404, 'NOT_FOUND'],
  [403, 503, 'STORE_UNAVAILABLE'],
  [500, 503, 'STORE_UNAVAILABLE'],
  [302, 503, 'STORE_UNAVAILABLE'],
])('answers a status of %i with %i and %s, and logs no ticket', async ([status, expected, code]) => {
  answer = (_, response) => response.writeHead(status, { location: 'http://192.0.2.7/' }).end('internal')

  const response = await get()

  expect(response.status).toBe(expected)
  expect((await response.json()).errors).toMatchObject([{ extensions: { code } }])
  expect(logged.join()).not.toContain('secret')
})

it('ends within its deadline where the service does not answer, or is not there', async () => {
  answer = () => {}
  const impatient = await start(service.url, 1)
  const alone = await start('http://127.0.0.1:1', 60_000)

  const answers = await Promise.all([fetch(impatient.url), fetch(alone.url)])

  expect(answers.map(({ status }) => status)).toEqual([503, 503])
  expect(logged.join()).not.toContain('secret')
  await Promise.all([impatient.close(), alone.close()])
})

it('breaks off where the service does, so that half a file is not taken for a whole one', async () => {
  answer = (_, response) => {
    response.writeHead(200, HEAD)
    response.write('a,', () => response.destroy())
  }

  await expect(get().then((response) => response.text())).rejects.toThrow()
})

it('stops reading where its client has gone', async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  answer = (_, response) => {
    response.writeHead(200, HEAD).write('a')
    response.once('close', resolve)
  }
  const gone = new AbortController()
  const response = await get({ signal: gone.signal })

  gone.abort()

  await expect(response.text()).rejects.toThrow()
  await stopped
})
