import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createGunzip } from 'node:zlib'
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

/** Serves GraphiQL with sample operations. The page is rendered at the first visit and kept compressed. */
export function createPlaygroundRoute({ devToken }: Pick<PageInput, 'devToken'>) {
  let page: Promise<Buffer> | null = null

  return async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange
    page ??= renderPage({ tabs: readTabs(), devToken })
    // After a failure the page is rendered again at the next visit.
    const packed = await page.catch((error: unknown) => {
      page = null
      throw error
    })

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
