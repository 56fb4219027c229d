import { type } from 'arktype'
import type { Credentials, GraphqlRequest } from '../prepared-subscription.ts'

/** The subprotocol graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const SUBPROTOCOL = 'graphql-transport-ws'

/** Why a socket is closed. 4429 is the protocol's for too much of something: clients do not try again by themselves. */
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

/** Null where the text is no message of the protocol. */
export function readMessage(text: string): ClientMessage | null {
  try {
    const message = ClientMessage(JSON.parse(text))
    return message instanceof type.errors ? null : message
  } catch {
    return null
  }
}

/** A request as it came through another door. Null where it has another shape. */
export function readRequest(value: unknown): GraphqlRequest | null {
  const request = Request(value)
  return request instanceof type.errors ? null : request
}

/** What `connection_init` shows, by names that are written as headers are; else what the upgrade request showed. */
export function credentialsOf(payload: Readonly<Record<string, unknown>> | null, headers: Credentials): Credentials {
  const shown = Object.fromEntries(Object.entries(payload ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const textOf = (name: string) => (typeof shown[name] === 'string' ? shown[name] : null)
  const authorization = textOf('authorization')
  const apiKey = textOf('x-api-key')
  return authorization === null && apiKey === null ? headers : { authorization, apiKey }
}

const REASON_BYTES_MAX = 123

/** As much of the reason as a close frame has room for: all of it, or what is said `shortly`. */
export function toCloseReason(reason: string, shortly: string): string {
  return Buffer.byteLength(reason) <= REASON_BYTES_MAX ? reason : shortly
}
