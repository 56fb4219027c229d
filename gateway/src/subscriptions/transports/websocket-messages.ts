import { type } from 'arktype'
import type { WebSocket } from 'ws'
import type { Credentials } from '../../access/credentials.ts'
import { parseExact } from '../../execution/exact-json.ts'

/** The subprotocol graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const SUBPROTOCOL = 'graphql-transport-ws'

/** Close codes of the protocol. After 4429, too many requests, clients do not reconnect automatically. */
export const CLOSE = {
  goingAway: 1001,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  subprotocolNotAcceptable: 4406,
  initTimeout: 4408,
  subscriberExists: 4409,
  tooMuch: 4429,
  internalError: 4500,
} as const

export const AS_TEXT = { binary: false }

export const isOpen = (socket: WebSocket): boolean => socket.readyState === socket.OPEN

/** Sends a message, unless the socket is closed or being closed: what is sent then is lost anyway. */
export function send(socket: WebSocket, message: object): void {
  if (isOpen(socket)) socket.send(JSON.stringify(message), AS_TEXT)
}

const Payload = type({ '[string]': 'unknown' })
const Request = type({
  query: 'string',
  'operationName?': 'string | null',
  'variables?': Payload.or('null'),
  'extensions?': Payload.or('null'),
})
const ClientMessage = type({ type: "'connection_init'", 'payload?': Payload.or('null') })
  .or({ type: "'ping' | 'pong'", 'payload?': Payload.or('null') })
  .or({ type: "'subscribe'", id: '0 < string <= 256', payload: Request })
  .or({ type: "'complete'", id: '0 < string <= 256' })
export type ClientMessage = typeof ClientMessage.infer

/** Null if the text is not a message of the protocol. */
export function readMessage(text: string): ClientMessage | null {
  try {
    const message = ClientMessage(parseExact(text))
    return message instanceof type.errors ? null : message
  } catch {
    return null
  }
}

/** The credentials in the payload of `connection_init`, by header name; without any, those of the upgrade request. */
export function credentialsOf(payload: Readonly<Record<string, unknown>> | null, headers: Credentials): Credentials {
  const shown = Object.fromEntries(Object.entries(payload ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const textOf = (name: string) => (typeof shown[name] === 'string' ? shown[name] : null)
  const authorization = textOf('authorization')
  const apiKey = textOf('x-api-key')
  return authorization === null && apiKey === null ? headers : { authorization, apiKey }
}

const REASON_BYTES_MAX = 123

/** The reason, or `short` if the reason does not fit into a close frame. */
export function toCloseReason(reason: string, short: string): string {
  return Buffer.byteLength(reason) <= REASON_BYTES_MAX ? reason : short
}
