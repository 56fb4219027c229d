import type { IncomingMessage, ServerResponse } from 'node:http'
import { endAnswer, hasUnreadBody } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { ClientAddress } from '../access/guards/client-address.ts'
import type { Observed } from '../execution/operation-context.ts'
import { type Form, findForm, formOfError } from './negotiate.ts'
import { requestIdOf } from './request-facts.ts'

/** One request with its response, and the facts for the access log. */
export type Exchange = Readonly<{
  request: IncomingMessage
  response: ServerResponse
  path: string
  search: string
  requestId: string
  clientIp: string
  /** The form of answer that the client asks for; null for none of ours. */
  form: Form | null
  /** Headers of the answer, names and values alternating. */
  headers: string[]
  observed: Observed & { actor: string | null }
}>

/** Logged if the client has gone before it was answered. */
const STATUS_GONE = 499

/** Answers are not pages to be framed, sniffed or scripted; the playground sets a policy of its own. */
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
  clientAddress: ClientAddress,
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
    clientIp: clientAddress(request),
    form: findForm(request),
    headers: [...HEADERS, 'x-request-id', requestId],
    observed: { actor: null, operationName: null, operationType: null, codes: [], isRefused: false },
  }
}

/** Sends an answer in one piece. @param text JSON. */
export function sendJson(
  { request, response, form, headers }: Exchange,
  status: number,
  text: string,
  contentType = formOfError(form).contentType,
): void {
  // The rest of a request that was answered early is not read.
  if (hasUnreadBody(request)) headers.push('connection', 'close')
  const bytes = Buffer.byteLength(text)
  headers.push('content-type', contentType, 'content-length', String(bytes))
  response.writeHead(status, headers)
  // A text of one byte per character is ASCII, which needs no encoding.
  endAnswer(response, text, bytes === text.length ? 'latin1' : 'utf8')
}

/** Sets the headers for answers that are not sent by `sendJson`. */
export function setHeaders({ response, headers }: Exchange): void {
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at]!, headers[at + 1]!)
}

/** Logs the exchange when it is over. Frequent health checks are logged at level debug. */
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
