import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerJson, startHttpServer } from '../process/http.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createGauges } from './tallies.ts'

async function serve(metrics: Metrics) {
  const server = await startHttpServer(
    (request, response) => metrics.answer(request, response) || answerJson(response, 404, {}),
    { port: 0, host: '127.0.0.1' },
  )
  onTestFinished(server.close)
  return (headers: Record<string, string> = {}, path = '/metrics', method = 'GET') =>
    fetch(`${server.url}${path}`, { headers, method })
}

// As prom-client names them, and as the requirements do.
const OF_THE_PROCESS = [
  ...['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total', 'process_cpu_seconds_total'],
  ...['process_start_time_seconds', 'process_resident_memory_bytes', 'nodejs_heap_size_total_bytes'],
  ...['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes', 'nodejs_heap_space_size_total_bytes'],
  ...['nodejs_heap_space_size_used_bytes', 'nodejs_heap_space_size_available_bytes', 'nodejs_version_info'],
  ...['nodejs_gc_duration_seconds', 'nodejs_eventloop_lag_seconds'],
]

describe('metrics', () => {
  it('describe the process in the format of Prometheus', async () => {
    const ask = await serve(createMetrics({ token: null }))

    const response = await ask()
    const text = await response.text()

    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(OF_THE_PROCESS.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([])
  })

  it('are read at one path, and only read', async () => {
    const ask = await serve(createMetrics({ token: null }))

    const answers = [ask({}, '/metrics', 'POST'), ask({}, '/metrics', 'HEAD'), ask({}, '/metric')]

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([405, 200, 404])
  })

  it('are shown to requests with the token, if there is one', async () => {
    const ask = await serve(createMetrics({ token: 'right' }))

    const tries = [ask(), ask({ authorization: 'Bearer wrong' }), ask({ authorization: 'right' })]

    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([401, 401, 401])
    expect((await ask({ authorization: 'Bearer right', 'x-forwarded-for': '10.0.0.1' })).status).toBe(200)
  })

  it.for<[string | undefined, Record<string, string>, number]>([
    ['127.0.0.1', {}, 200],
    ['127.8.9.1', {}, 200],
    ['::1', {}, 200],
    ['::ffff:127.0.0.1', {}, 200],
    ['10.0.0.1', {}, 401],
    ['::ffff:10.0.0.1', {}, 401],
    ['2001:db8::1', {}, 401],
    [undefined, {}, 401],
    ['127.0.0.1', { 'x-forwarded-for': '10.0.0.1' }, 401],
    ['::1', { forwarded: 'for=10.0.0.1' }, 401],
  ])('without a token, answer a caller at %s with the headers %o by %i', async ([address, headers, status]) => {
    const { answer } = createMetrics({ token: null })
    const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: address }))
    Object.assign(request, { url: '/metrics', method: 'GET', headers })
    const response = new ServerResponse(request)

    answer(request, response)

    await expect.poll(() => response.headersSent && response.statusCode).toBe(status)
  })

  it('read the stores at each scrape, and leave out what fails', async () => {
    const metrics = createMetrics({ token: null })
    const depth = createGauges(metrics.registry, { name: 'depth', help: 'Depth', labels: ['pond'] })
    const read = [async () => depth('one').set(4), () => Promise.reject(new Error('away'))]
    metrics.beforeScrape({ read: () => read.shift()!(), forget: depth.clear })
    const ask = await serve(metrics)
    const linesOf = async (response: Response) =>
      (await response.text()).split('\n').filter((line) => /^depth/.test(line))

    expect(await linesOf(await ask())).toEqual(['depth{pond="one"} 4'])
    expect(await linesOf(await ask())).toEqual([])
  })

  it('do not wait for a store that does not answer', async () => {
    const metrics = createMetrics({ token: null, readingMs: 10 })
    let forgotten = 0
    metrics.beforeScrape({ read: () => new Promise(() => {}), forget: () => forgotten++ })

    const { status } = await (await serve(metrics))()

    expect([status, forgotten]).toEqual([200, 1])
  })
})
