import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '@redress/shared/logger.ts'
import type { Observed } from '../execution/operation-context.ts'
import { clientIpOf, requestIdOf } from './request-facts.ts'

/** One request with its answer, and what the access log will say about it. */
export type Exchange = Readonly<{
  request: IncomingMessage
  response: ServerResponse
  path: string
  search: string
  requestId: string
  clientIp: string
  observed: Observed & { actor: string | null }
}>

/** The client went away before it was answered. */
const STATUS_GONE = 499

/** Nothing that this server sends is a page to be framed, sniffed or scripted; the playground says what it needs. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const

export function beginExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { trustProxy }: { trustProxy: boolean },
): Exchange {
  const url = request.url ?? '/'
  const query = url.indexOf('?')
  const requestId = requestIdOf(request)
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
  response.setHeader('x-request-id', requestId)
  return {
    request,
    response,
    path: query === -1 ? url : url.slice(0, query),
    search: query === -1 ? '' : url.slice(query),
    requestId,
    clientIp: clientIpOf(request, trustProxy),
    observed: { actor: null, operationName: null, codes: [] },
  }
}

/** Writes one line when the exchange is over. Probes come every few seconds and say nothing new: they are for debugging. */
export function logExchange({ request, response, path, requestId, observed }: Exchange, logger: Logger): void {
  const beganAt = performance.now()
  response.once('close', () => {
    const level = path.startsWith('/health') ? 'debug' : 'info'
    logger[level](
      {
        requestId,
        method: request.method,
        path,
        status: response.writableFinished ? response.statusCode : STATUS_GONE,
        durationMs: Math.round((performance.now() - beganAt) * 10) / 10,
        ...observed,
      },
      'request',
    )
  })
}
