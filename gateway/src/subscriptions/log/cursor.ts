import { CursorInvalidError } from '../errors.ts'
import { FIELDS, type SubscriptionField } from '../fields.ts'

/**
 * The place of an event in its stream. The event id tells it from another event that later has the same entry id; the
 * epoch, which cursors of earlier versions lack, tells a log that lost the event from a stream that gets it back.
 */
export type Cursor = Readonly<{ entryId: string; eventId: string; epoch: string | null }>

/** Where a subscription begins: after an event, or with everything that happened from a moment on. */
export type After = Readonly<{ cursor: Cursor }> | Readonly<{ momentMs: number }>

const LETTERS = Object.values(FIELDS)
  .map(({ cursorLetter }) => cursorLetter)
  .join('')
const LENGTH_MAX = 1_000
const BASE64URL = /^[A-Za-z0-9_-]+$/
const PLACE = new RegExp(`^([${LETTERS}])(\\d{1,16}-\\d{1,16}) ([^\\s]+)(?: ([^\\s]+))?$`)
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

export function toCursorText(field: SubscriptionField, { entryId, eventId, epoch }: Cursor): string {
  const place = [`${FIELDS[field].cursorLetter}${entryId}`, eventId, ...(epoch === null ? [] : [epoch])]
  return Buffer.from(place.join(' ')).toString('base64url')
}

/** @throws CursorInvalidError if it is neither a cursor of this field nor a moment. */
export function readAfter(field: SubscriptionField, text: string): After {
  if (text.length > LENGTH_MAX) throw new CursorInvalidError()
  if (RFC3339.test(text)) return { momentMs: readMoment(text) }
  const [, letter, entryId, eventId, epoch = null] = BASE64URL.test(text) ? (decode(text).match(PLACE) ?? []) : []
  if (entryId === undefined || eventId === undefined || letter !== FIELDS[field].cursorLetter) {
    throw new CursorInvalidError()
  }
  return { cursor: { entryId, eventId, epoch } }
}

function readMoment(text: string): number {
  const momentMs = Date.parse(text.toUpperCase().replace(' ', 'T'))
  if (Number.isNaN(momentMs)) throw new CursorInvalidError()
  return momentMs
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString()
}
