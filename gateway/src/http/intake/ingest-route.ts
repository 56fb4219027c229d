import { can } from '@redress/shared/access/permissions.ts'
import { BadUserInputError, ForbiddenError, UnauthenticatedError } from '@redress/shared/errors.ts'
import { headerOf, parseJson, readBody } from '@redress/shared/process/http.ts'
import type { Clock } from '@redress/shared/time.ts'
import { admit } from '../../access/admit.ts'
import type { Authenticate } from '../../access/authenticate.ts'
import { credentialsIn } from '../../access/credentials.ts'
import { pushHeaders, type RateLimiter } from '../../access/rate-limit.ts'
import type { NoteRefusal } from '../../access/refusals/refusal.ts'
import { isRow } from '../../execution/json.ts'
import { type Exchange, sendJson } from '../exchange.ts'
import type { ForwardEvents } from './forward-events.ts'
import { verifySignature } from './verify-signature.ts'

export const SIGNATURE_HEADER = 'x-redress-signature'
const PERMISSION = 'payment:ingest'
/** Many times the size of 100 events. */
export const BODY_BYTES_MAX = 512 * 1024

export type IngestRouteOptions = Readonly<{
  forwardEvents: ForwardEvents
  authenticate: Authenticate
  limiter: RateLimiter
  noteRefusal: NoteRefusal
  secret: string
  now: Clock
}>

/**
 * Takes events of payments from a program: `{"events": […]}` with an API key and the signature of the body. The key says
 * who it is, the secret that the body is as it was sent: whoever has seen a request cannot make another one.
 */
export function createIngestRoute(options: IngestRouteOptions) {
  const { forwardEvents, authenticate, limiter, noteRefusal, secret, now } = options
  return async (exchange: Exchange): Promise<void> => {
    const { request, observed, requestId, clientIp } = exchange
    const credentials = credentialsIn(request)
    const { principal, ...caller } = await authenticate(credentials, clientIp)
    if (credentials.apiKey === null) throw new UnauthenticatedError('Send an API key (X-API-Key).')
    observed.actor = principal.id
    pushHeaders(exchange.headers, await admit(limiter, { principal, ...caller }, 'general'))
    if (!can(principal, PERMISSION)) {
      noteRefusal({ reason: 'FORBIDDEN', callerId: principal.id, clientIp, permission: `${PERMISSION}:*` })
      throw new ForbiddenError(`${PERMISSION}:*`)
    }
    const body = await readBody(request, BODY_BYTES_MAX)
    verifySignature(headerOf(request, SIGNATURE_HEADER), body, { secret, nowMs: now().getTime() })
    const intake = await forwardEvents(eventsIn(parseJson(body)), { principal, requestId, clientIp })
    sendJson(exchange, 200, JSON.stringify(intake), 'application/json; charset=utf-8')
  }
}

function eventsIn(body: unknown): readonly unknown[] {
  const events = isRow(body) ? body.events : null
  if (!Array.isArray(events)) throw new BadUserInputError(['events'], 'must be a list of events')
  return events
}
