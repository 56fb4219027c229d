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

/** The content type of an answer in one piece. @throws NotAcceptableError */
export function contentTypeOf(form: Form | null): string {
  if (form === null || form.isStream) throw new NotAcceptableError()
  return form.contentType
}

/** The form of an error. JSON for a client that accepts no form of ours. */
export function formOfError(form: Form | null): Form {
  return form === null || form.isStream ? PLAIN : form
}

/** The form that the header `accept` prefers; JSON without it, and null for a client that accepts no form of ours. */
export function findForm({ headers: { accept } }: IncomingMessage): Form | null {
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
