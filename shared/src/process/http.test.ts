import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHealth, type HealthCheck, type HealthChecks } from './health.ts'
import { answerJson, parseJson, readBody, startHttpServer } from './http.ts'

const serve = async (handle: Parameters<typeof startHttpServer>[0], port = 0) => {
  const server = await startHttpServer(handle, { port, host: '127.0.0.1' })
  onTestFinished(server.close)
  return server
}
/** Answers with the length of the body, or with the code of what was wrong with it. */
const serveBodies = (bytesMax: number) =>
  serve((asked, answer) => {
    readBody(asked, bytesMax).then(
      (body) => answerJson(answer, 200, { bytes: body.length }),
      ({ code }) => answerJson(answer, 400, { code }),
    )
  })
const MEBIBYTE = 1024 * 1024
/** Writes 100 MB of a body by turns with reading, whatever is answered, until it is cut off; then gives the answer. */
async function writeOn(url: string, header: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const cutOff = new Promise((resolve) => socket.once('close', resolve))
  let text = ''
  socket.on('data', (part) => (text += part)).on('error', () => {})
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`)
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  while (socket.writable && socket.bytesWritten < 100 * MEBIBYTE) {
    if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), cutOff])
    await setImmediate()
  }
  await cutOff
  return { text, bytesWritten: socket.bytesWritten }
}
const post = async (url: string, body: string) => {
  const response = await fetch(url, { method: 'POST', body })
  return [response.status, await response.json()]
}

describe('a request body', () => {
  it('is read whole up to the limit', async () => {
    const { url } = await serveBodies(100_000)

    expect(await post(url, 'x'.repeat(100_000))).toEqual([200, { bytes: 100_000 }])
  })

  it.for([100_001, 5_000_000])(
    'of %i bytes is refused where 100000 are allowed, and the next one is read',
    async (bytes) => {
      const { url } = await serveBodies(100_000)

      const refused = await post(url, 'x'.repeat(bytes))
      const next = await post(url, 'short')

      expect(refused).toEqual([400, { code: 'BODY_TOO_LARGE' }])
      expect(next).toEqual([200, { bytes: 5 }])
    },
  )

  it.for<[string, string]>([
    ['does not say how large it is', 'transfer-encoding: chunked'],
    ['says how large it is', `content-length: ${100 * MEBIBYTE}`],
  ])('that is too large, and %s, is answered though its sender goes on writing, and cut off', async ([, header]) => {
    const { url } = await serveBodies(100_000)

    const { text, bytesWritten } = await writeOn(url, header)

    expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*\r\n\r\n\{"code":"BODY_TOO_LARGE"\}$/)
    expect(bytesWritten).toBeLessThan(100 * MEBIBYTE)
  })

  it('that is not JSON is refused', () => {
    expect(parseJson(Buffer.from('{"a":1}'))).toEqual({ a: 1 })
    expect(() => parseJson(Buffer.from('{'))).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
    expect(() => parseJson(Buffer.from(''))).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
  })
})

describe('a server', () => {
  it('cannot take a port that another has', async () => {
    const { url } = await serve((_, answer) => answerJson(answer, 200, {}))

    const second = startHttpServer(() => {}, { port: Number(new URL(url).port), host: '127.0.0.1' })

    await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })

  // The net is less than the 65 s for which the connection would be kept.
  it('lets a running request end before it is closed, and then does not wait for its connection', {
    timeout: 40_000,
  }, async () => {
    const asked = Promise.withResolvers<() => void>()
    const server = await serve((_, answer) => asked.resolve(() => answerJson(answer, 200, { done: true })))
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const sent = request(server.url, { agent }).end()
    const response = once(sent, 'response')
    const finish = await asked.promise

    const closed = server.close()
    finish()
    const [{ statusCode }] = await response.then(([answer]) => [answer.resume()])

    expect(statusCode).toBe(200)
    await expect(closed).resolves.toBeUndefined()
  })

  it('that is closed takes no connection', async () => {
    const server = await serve((_, answer) => answerJson(answer, 200, {}))

    await server.close()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')

    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('the health of a service', () => {
  const clock = { now: 0 }
  const serveHealth = async (checks: HealthChecks, optionalChecks: HealthChecks = {}) => {
    const health = createHealth('issues', checks, { optionalChecks, now: () => clock.now })
    const { url } = await serve((asked, answer) => {
      if (!health.answer(asked, answer)) answerJson(answer, 404, {})
    })
    const get = async (path: string): Promise<readonly unknown[]> => {
      const response = await fetch(`${url}${path}`)
      return [response.status, await response.json()]
    }
    return { health, get }
  }

  it('is ready while all that it needs is up', async () => {
    const { get } = await serveHealth({ mongodb: async () => true, redis: async () => true })

    expect(await get('/health/ready')).toEqual([
      200,
      { status: 'ready', service: 'issues', dependencies: { mongodb: 'up', redis: 'up' } },
    ])
  })

  it.for<[string, HealthCheck]>([
    ['is down', async () => false],
    ['fails', () => Promise.reject(new Error('away'))],
  ])('is not ready while something that it needs %s, but runs', async ([, check]) => {
    const { get } = await serveHealth({ mongodb: check, redis: async () => true })

    expect(await get('/health/ready')).toEqual([
      503,
      { status: 'not ready', service: 'issues', dependencies: { mongodb: 'down', redis: 'up' } },
    ])
    expect(await get('/health')).toEqual([200, { status: 'running', service: 'issues' }])
  })

  it('is degraded, and ready, while something that it can do without is down', async () => {
    const { get } = await serveHealth({ mongodb: async () => true }, { redis: async () => false })

    expect(await get('/health/ready')).toEqual([
      200,
      { status: 'degraded', service: 'issues', dependencies: { mongodb: 'up', redis: 'down' } },
    ])
  })

  it('asks its dependencies once for all who ask within a moment', async () => {
    let asked = 0
    const { get } = await serveHealth({ mongodb: async () => ++asked > 0 })

    await Promise.all([get('/health/ready'), get('/health/ready')])
    await get('/health/ready')
    expect(asked).toBe(1)

    clock.now += 1_000
    await get('/health/ready')
    expect(asked).toBe(2)
  })

  it('is not ready while everything is down, although it could do without each', async () => {
    const { get } = await serveHealth({}, { issues: async () => false, audit: async () => false })

    expect(await get('/health/ready')).toMatchObject([503, { status: 'not ready' }])
  })

  it('is not ready from the moment that it is about to stop', async () => {
    const { get, health } = await serveHealth({})

    health.drain()

    expect(await get('/health/ready')).toEqual([503, { status: 'stopping', service: 'issues', dependencies: {} }])
    expect(await get('/health')).toMatchObject([200, {}])
  })

  it('leaves other paths to others', async () => {
    const { get } = await serveHealth({})

    expect(await get('/graphql')).toMatchObject([404, {}])
  })
})
