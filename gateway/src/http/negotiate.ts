import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import { NotAcceptableError } from './errors.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8'
const STREAM_TYPE = 'text/event-stream; charset=utf-8'
/** In the order of preference where the client has none. */
const TYPES = [JSON_TYPE, GRAPHQL_TYPE, STREAM_TYPE]

/** The form of an answer that a client asks for. */
export type Form = Readonly<{
  contentType: string
  /** Whether the operation is answered by server-sent events. */
  isStream: boolean
  /**
   * Whether the client names `application/json` and nothing newer. By the GraphQL-over-HTTP specification it takes any
   * status but 200 for a failure of something between it and the gateway, and does not read the errors.
   */
  isLegacy: boolean
}>

const PLAIN: Form = { contentType: JSON_TYPE, isStream: false, isLegacy: false }
const HEADERS_MAX = 200
const known = new LRUCache<string, Form | 'none'>({ max: HEADERS_MAX })

/** The form that the header `accept` prefers for an answer in one piece; JSON without it. @throws NotAcceptableError */
export function negotiate({ headers: { accept } }: IncomingMessage): Form {
  const form = findForm(accept)
  if (form === null || form.isStream) throw new NotAcceptableError()
  return form
}

/** Whether a request asks for server-sent events rather than for an answer in one piece. */
export function wantsStream({ headers: { accept } }: IncomingMessage): boolean {
  return findForm(accept)?.isStream ?? false
}

/** The form of an error. JSON for a client that accepts no form of ours. */
export function formOfError({ headers: { accept } }: IncomingMessage): Form {
  const form = findForm(accept)
  return form === null || form.isStream ? PLAIN : form
}

function findForm(accept: string | undefined): Form | null {
  if (accept === undefined || accept === '' || accept === '*/*') return PLAIN
  const found = known.get(accept) ?? toForm(accept)
  return found === 'none' ? null : found
}

function toForm(accept: string): Form | 'none' {
  const contentType = new Negotiator({ headers: { accept } }).mediaType(TYPES)
  const isLegacy = contentType === JSON_TYPE && /application\/json/i.test(accept)
  const form = contentType === undefined ? 'none' : { contentType, isStream: contentType === STREAM_TYPE, isLegacy }
  known.set(accept, form)
  return form
}
