import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { answerCode, headerOf } from '../process/http.ts'
import { succeedsWithin } from '../resilience/deadline.ts'

/** Deadline of a reading from a store. A scrape leaves out what comes later. */
const READING_MS = 1_000

/** Interval at which the delay of the event loop is measured. Each measurement wakes an idle process. */
const LOOP_SAMPLE_MS = 50

export type Metrics = Readonly<{
  registry: Registry
  /** Adds a reading that runs before each scrape; `forget` runs if it fails or takes too long. */
  beforeScrape: (reading: Reading) => void
  /** Answers `GET /metrics`; false when the path is another. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean
}>

export type MetricsOptions = Readonly<{ token: string | null; readingMs?: number }>

export type Reading = Readonly<{ read: () => Promise<void>; forget: () => void }>

/**
 * The metrics of this process, the default ones of Node included. With a `token`, requests must present it; without one,
 * only direct requests from this machine are answered, none through a proxy.
 */
export function createMetrics({ token, readingMs = READING_MS }: MetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
  const readings: Reading[] = []
  const mayRead = token === null ? isLocal : createTokenCheck(token)

  const answerAll = async (response: ServerResponse) => {
    await Promise.all(readings.map((reading) => refresh(reading, readingMs)))
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType, 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }

  return {
    registry,
    beforeScrape: (reading) => void readings.push(reading),
    answer(request, response) {
      if (request.url !== '/metrics') return false
      if (request.method !== 'GET' && request.method !== 'HEAD') answerCode(response, 405, 'METHOD_NOT_ALLOWED')
      else if (!mayRead(request)) answerCode(response, 401, 'UNAUTHENTICATED')
      else answerAll(response).catch(() => answerCode(response, 500, 'INTERNAL_SERVER_ERROR'))
      return true
    },
  }
}

/** A value that could not be read is left out: a stale one would be misleading. */
async function refresh({ read, forget }: Reading, ms: number): Promise<void> {
  if (!(await succeedsWithin(ms, read()))) forget()
}

function createTokenCheck(token: string) {
  const expected = digest(`Bearer ${token}`)
  // Digests have one length, so that the comparison takes constant time.
  return (request: IncomingMessage) => timingSafeEqual(digest(headerOf(request, 'authorization') ?? ''), expected)
}

const digest = (text: string) => createHash('sha256').update(text).digest()

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** A proxy on this machine is local too, but the clients behind it are not. */
function isLocal(request: IncomingMessage): boolean {
  if (request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined) return false
  const address = request.socket.remoteAddress ?? ''
  return address !== '' && LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
