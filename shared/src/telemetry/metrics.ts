import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { answerCode, headerOf } from '../process/http.ts'
import { succeedsWithin } from '../resilience/deadline.ts'

/** What is read from a store for a scrape must come within this; otherwise the scrape goes without it. */
const READING_MS = 1_000

/** How often the delay of the event loop is measured. Each time wakes the process, so that often costs when idle. */
const LOOP_SAMPLE_MS = 50

export type Metrics = Readonly<{
  registry: Registry
  /** Runs before each scrape, to set what is only read when somebody asks; `forget` where it fails or takes too long. */
  beforeScrape: (reading: Reading) => void
  /** Answers `GET /metrics`; false when the path is another. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean
}>

export type MetricsOptions = Readonly<{ token: string | null; readingMs?: number }>

export type Reading = Readonly<{ read: () => Promise<void>; forget: () => void }>

/**
 * The metrics of this process, those about the process itself included. Whoever presents `token` may read them; where
 * there is none, callers on this machine may, but not through a proxy.
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

/** A number that could not be read is left out: an old one would pass for the truth. */
async function refresh({ read, forget }: Reading, ms: number): Promise<void> {
  if (!(await succeedsWithin(ms, read()))) forget()
}

function createTokenCheck(token: string) {
  const expected = digest(`Bearer ${token}`)
  // Digests are of one length, so that comparing takes as long whatever was sent.
  return (request: IncomingMessage) => timingSafeEqual(digest(headerOf(request, 'authorization') ?? ''), expected)
}

const digest = (text: string) => createHash('sha256').update(text).digest()

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** A proxy on this machine is local too, those whom it speaks for are not. */
function isLocal(request: IncomingMessage): boolean {
  if (request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined) return false
  const address = request.socket.remoteAddress ?? ''
  return address !== '' && LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
