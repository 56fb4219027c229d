import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { headerOf } from '@redress/shared/process/http.ts'

/** Short and harmless in logs and headers, wherever it is passed on to. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The caller's own id for the request, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = headerOf(request, 'x-request-id')
  return given !== null && REQUEST_ID.test(given) ? given : randomUUID()
}

/** The W3C trace that the request belongs to, if it says so. */
export function traceparentOf(request: IncomingMessage): string | null {
  const given = headerOf(request, 'traceparent')
  return given !== null && TRACEPARENT.test(given) ? given : null
}

/** The address that the proxy saw, where there is one to trust: anybody else can write the header too. */
export function clientIpOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headerOf(request, 'x-forwarded-for')?.split(',')[0]?.trim() : undefined
  return forwarded !== undefined && isIP(forwarded) !== 0 ? forwarded : (request.socket.remoteAddress ?? 'unknown')
}
