import type { IncomingMessage, ServerResponse } from 'node:http'
import { endAnswer, hasUnreadBody } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
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
  /** What the answer will have in its head, names and values by turns. */
  headers: string[]
  observed: Observed & { actor: string | null }
}>

/** The client went away before it was answered. */
const STATUS_GONE = 499

/** Nothing that this server sends is a page to be framed, sniffed or scripted; the playground says what it needs. */
const HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['strict-transport-security', 'max-age=31536000'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cache-control', 'no-store'],
].flat()

export function beginExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { trustProxy }: { trustProxy: boolean },
): Exchange {
  const url = request.url ?? '/'
  const query = url.indexOf('?')
  const requestId = requestIdOf(request)
  return {
    request,
    response,
    path: query === -1 ? url : url.slice(0, query),
    search: query === -1 ? '' : url.slice(query),
    requestId,
    clientIp: clientIpOf(request, trustProxy),
    headers: [...HEADERS, 'x-request-id', requestId],
    observed: { actor: null, operationName: null, operationType: null, codes: [], isRefused: false },
  }
}

/** Sends an answer in one piece. @param text JSON. */
export function sendJson({ request, response, headers }: Exchange, status: number, text: string): void {
  // What is left of a request that was answered early is not waited for.
  if (hasUnreadBody(request)) headers.push('connection', 'close')
  const bytes = Buffer.byteLength(text)
  headers.push('content-type', 'application/json; charset=utf-8', 'content-length', String(bytes))
  response.writeHead(status, headers)
  // A text of one byte a character is ASCII, which need not be encoded.
  endAnswer(response, text, bytes === text.length ? 'latin1' : 'utf8')
}

/** For what is answered in another way. */
export function setHeaders({ response, headers }: Exchange): void {
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at]!, headers[at + 1]!)
}

/** Writes one line when the exchange is over. Probes come every few seconds and say nothing new: they are for debugging. */
export function logExchange({ request, response, path, requestId, observed }: Exchange, logger: Logger): void {
  const level = path.startsWith('/health') ? 'debug' : 'info'
  if (!logger.isLevelEnabled(level)) return
  const beganAt = performance.now()
  response.once('close', () => {
    logger[level](
      {
        requestId,
        method: request.method,
        path,
        status: isAnswered(request, response) ? response.statusCode : STATUS_GONE,
        durationMs: Math.round((performance.now() - beganAt) * 10) / 10,
        actor: observed.actor,
        operationName: observed.operationName,
        codes: observed.codes,
      },
      'request',
    )
  })
}

/** A request that is answered before its end has its whole answer at once, and the connection may end before both. */
function isAnswered(request: IncomingMessage, response: ServerResponse): boolean {
  return response.writableFinished || (response.headersSent && hasUnreadBody(request))
}
