import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { Tab } from './tabs.ts'

/** The variable parts of the page. */
export type PageInput = Readonly<{ tabs: readonly Tab[]; headers: Readonly<Record<string, string>> }>

const MARK =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' width='32' height='32'>" +
  "<rect width='32' height='32' rx='7' fill='#1f6f5c'/>" +
  "<path d='M10 24V8h7a5 5 0 0 1 0 10h-7m7 0 5 6' fill='none' stroke='#fff' stroke-width='3'/></svg>"

// Run as a worker: rendering takes tens of megabytes, which are freed with it. Only the compressed page is kept.
const { tabs, headers: given } = workerData as PageInput
const headers = JSON.stringify(given, null, 2)
const rendered = renderGraphiQL({
  title: 'Redress playground',
  logo: MARK,
  favicon: `data:image/svg+xml,${encodeURIComponent(MARK)}`,
  endpoint: '/graphql',
  subscriptionsProtocol: 'WS',
  defaultTabs: tabs.map((tab) => ({ ...tab, headers })),
  headers,
  // Otherwise the browser would keep sending an expired token.
  shouldPersistHeaders: false,
})
// GraphiQL sends the headers of a tab with queries only; a WebSocket gets them as connection parameters.
const page = rendered.replace(/extensions:\{headers:(\w+\?\.headers)\}/, 'extensions:{headers:$1,connectionParams:$1}')
parentPort?.postMessage(gzipSync(page))
