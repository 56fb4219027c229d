import type { IncomingMessage } from 'node:http'
import { headerOf } from '@redress/shared/process/http.ts'

/** The headers `Authorization` and `X-API-Key`; null if they are not sent. */
export type Credentials = Readonly<{ authorization: string | null; apiKey: string | null }>

export function credentialsIn(request: IncomingMessage): Credentials {
  return { authorization: headerOf(request, 'authorization'), apiKey: headerOf(request, 'x-api-key') }
}
