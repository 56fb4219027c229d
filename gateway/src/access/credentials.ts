import type { IncomingMessage } from 'node:http'
import { headerOf } from '@redress/shared/process/http.ts'
import { SESSION_COOKIE } from './guards/dev-sessions.ts'

/** The headers `Authorization` and `X-API-Key`, and the session of the cookie; null if they are not sent. */
export type Credentials = Readonly<{ authorization: string | null; apiKey: string | null; session?: string | null }>

export function credentialsIn(request: IncomingMessage): Credentials {
  const [authorization, apiKey] = [headerOf(request, 'authorization'), headerOf(request, 'x-api-key')]
  const session = authorization === null && apiKey === null ? sessionIn(request) : null
  return { authorization, apiKey, session }
}

const COOKIE = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([\\w-]+)`)

export function sessionIn({ headers: { cookie } }: IncomingMessage): string | null {
  return cookie === undefined ? null : (COOKIE.exec(cookie)?.[1] ?? null)
}
