import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { headerOf } from '@redress/shared/process/http.ts'

/** Short, and safe in logs and headers. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The request id that the caller sent, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = headerOf(request, 'x-request-id')
  return given !== null && REQUEST_ID.test(given) ? given : randomUUID()
}

/** The W3C traceparent of the request; null without a valid one. */
export function traceparentOf(request: IncomingMessage): string | null {
  const given = headerOf(request, 'traceparent')
  return given !== null && TRACEPARENT.test(given) ? given : null
}
