import { CursorInvalidError } from '../errors.ts'
import type { SubscriptionField } from '../prepared-subscription.ts'

/** An event's place in its stream; the event id tells it from another that came to have the same place. */
export type Cursor = Readonly<{ entryId: string; eventId: string }>

/** Where a subscription begins: behind an event, or with all that happened from a moment on. */
export type After = Readonly<{ cursor: Cursor }> | Readonly<{ momentMs: number }>

const LETTER: Readonly<Record<SubscriptionField, string>> = { issueStatusChanged: 'i', decisionMade: 'd' }
const LENGTH_MAX = 1_000
const BASE64URL = /^[A-Za-z0-9_-]+$/
const PLACE = /^([id])(\d{1,15}-\d{1,15}) ([^\s]+)$/
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

export function toCursorText(field: SubscriptionField, { entryId, eventId }: Cursor): string {
  return Buffer.from(`${LETTER[field]}${entryId} ${eventId}`).toString('base64url')
}

/** @throws CursorInvalidError when it is none of this field, nor a moment. */
export function readAfter(field: SubscriptionField, text: string): After {
  if (text.length > LENGTH_MAX) throw new CursorInvalidError()
  if (RFC3339.test(text)) return { momentMs: readMoment(text) }
  const [, letter, entryId, eventId] = BASE64URL.test(text) ? (decode(text).match(PLACE) ?? []) : []
  if (entryId === undefined || eventId === undefined || letter !== LETTER[field]) throw new CursorInvalidError()
  return { cursor: { entryId, eventId } }
}

function readMoment(text: string): number {
  const momentMs = Date.parse(text.toUpperCase().replace(' ', 'T'))
  if (Number.isNaN(momentMs)) throw new CursorInvalidError()
  return momentMs
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString()
}
