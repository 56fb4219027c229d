import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createGunzip } from 'node:zlib'
import { sessionIn } from '../../access/credentials.ts'
import { type DevSessions, SESSION_COOKIE, SESSION_MS } from '../../access/guards/dev-sessions.ts'
import { type Exchange, setHeaders } from '../exchange.ts'
import type { PageInput } from './render-page.ts'
import { readTabs } from './tabs.ts'

/** The page contains its scripts inline, creates workers from them, and connects to this server only. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  'worker-src blob:',
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The headers of each tab where the visitor has no session: the page asks for a token. */
const ASKING = { Authorization: 'Bearer <token>' }

/**
 * Serves GraphiQL with sample operations. A visitor with the code of the link that `npm start` prints gets a session, in
 * a cookie that no script can read; no page holds credentials.
 */
export function createPlaygroundRoute(sessions: DevSessions | null) {
  const pages = { asking: createPage(ASKING), known: createPage({}) }

  return async (exchange: Exchange): Promise<void> => {
    const code = new URLSearchParams(exchange.search).get('code')
    if (code !== null && sessions !== null) return openSession(exchange, sessions.open(code))
    const session = sessionIn(exchange.request)
    const isKnown = session !== null && sessions !== null && sessions.find(session) !== null
    await servePage(exchange, isKnown ? pages.known : pages.asking)
  }
}

function openSession(exchange: Exchange, id: string): void {
  setHeaders(exchange)
  const cookie = `${SESSION_COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}`
  exchange.response.writeHead(303, { location: '/playground', 'set-cookie': cookie }).end()
}

type Page = () => Promise<Buffer>

/** A page that is rendered at the first visit and kept compressed. */
function createPage(headers: PageInput['headers']): Page {
  let page: Promise<Buffer> | null = null
  return async () => {
    page ??= renderPage({ tabs: readTabs(), headers })
    // After a failure the page is rendered again at the next visit.
    return page.catch((error: unknown) => {
      page = null
      throw error
    })
  }
}

async function servePage(exchange: Exchange, page: Page): Promise<void> {
  const { request, response } = exchange
  const packed = await page()
  setHeaders(exchange)
  response.setHeader('content-security-policy', POLICY)
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.setHeader('vary', 'accept-encoding')
  if (acceptsGzip(request.headers['accept-encoding'])) {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
    return
  }
  const unpacked = createGunzip()
  unpacked.pipe(response)
  unpacked.end(packed)
}

async function renderPage(input: PageInput): Promise<Buffer> {
  const worker = new Worker(new URL('render-page.ts', import.meta.url), { workerData: input })
  const [packed] = (await once(worker, 'message')) as [Uint8Array]
  await worker.terminate()
  return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
}

function acceptsGzip(accepted: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(accepted ?? ''))
}
