import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import { type Clock, MINUTE_MS } from '@redress/shared/time.ts'
import { type } from 'arktype'

/** The content of a link: a file, and the principal that it was given to. */
export type Grant = Readonly<{ fileId: string; actor: string }>
export type FileLink = Readonly<{ url: string; expiresAt: Date }>

export type FileLinks = Readonly<{
  /** Makes a link that needs no credentials and ends after LINK_MS. It is never stored or logged. */
  sign(grant: Grant): FileLink
  /** Reads a ticket; null where it was not signed with this key, was changed, or has expired. */
  read(ticket: string): Grant | null
}>

export const LINK_MS = 5 * MINUTE_MS
/** Longer than any id of a principal allows; a head of HTTP has at most twice as much. */
const TICKET_LENGTH_MAX = 8_000
const KEY_BYTES = 32
/** The use of the derived key; another use of the same setting has another key. */
const PURPOSE = 'redress download links v1'

const Payload = type(['string', 'string', 'number.integer'])

/** Signed links to files: without the key, none can be made or changed. @param secret 64 hexadecimal digits. */
export function createFileLinks(secret: string, now: Clock): FileLinks {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', PURPOSE, KEY_BYTES))
  const signatureOf = (payload: string) => createHmac('sha256', key).update(payload).digest('base64url')
  return {
    sign({ fileId, actor }) {
      const expiresAt = new Date(now().getTime() + LINK_MS)
      const payload = Buffer.from(JSON.stringify([fileId, actor, expiresAt.getTime()])).toString('base64url')
      const ticket = `${payload}.${signatureOf(payload)}`
      return { url: `${DOWNLOADS_PATH}?ticket=${ticket}`, expiresAt }
    },
    read(ticket) {
      if (ticket.length > TICKET_LENGTH_MAX) return null
      const [payload = ''] = ticket.split('.', 1)
      // The texts, not their bytes: a changed last character can have the same bytes.
      const [expected, given] = [Buffer.from(`${payload}.${signatureOf(payload)}`), Buffer.from(ticket)]
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
      // Signed, so it is as we have made it.
      const [fileId, actor, expiresAtMs] = Payload.assert(JSON.parse(Buffer.from(payload, 'base64url').toString()))
      return expiresAtMs > now().getTime() ? { fileId, actor } : null
    },
  }
}
