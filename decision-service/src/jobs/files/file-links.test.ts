import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFileLinks, LINK_MS } from './file-links.ts'

let at = Date.parse('2030-01-01T00:00:00Z')
const now = () => new Date(at)
const links = createFileLinks('ab'.repeat(32), now)
const GRANT = { fileId: 'job_background_1', actor: 'ada' }
const ticketOf = (grant = GRANT) => new URL(links.sign(grant).url, 'http://gateway').searchParams.get('ticket')!

describe('a link to a file', () => {
  it('gives the file and the principal it was made for, whatever characters they have', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200, unit: 'grapheme' }), (fileId, actor) => {
        const grant = { fileId: fileId.toWellFormed(), actor: actor.toWellFormed() }
        expect(links.read(ticketOf(grant))).toEqual(grant)
      }),
      { numRuns: 50 },
    )
  })

  it('ends', () => {
    const ticket = ticketOf()
    const { expiresAt } = links.sign(GRANT)

    at = expiresAt.getTime() - 1
    expect(links.read(ticket)).toEqual(GRANT)
    at = expiresAt.getTime()
    expect(links.read(ticket)).toBeNull()
    expect(LINK_MS).toBe(300_000)
  })

  it('is nothing with another key, another content or another signature', () => {
    const [payload = '', signature = ''] = ticketOf().split('.')
    const [other = ''] = ticketOf({ ...GRANT, actor: 'eve' }).split('.')
    const changed = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    const foreign = createFileLinks('cd'.repeat(32), now).sign(GRANT).url.split('=')[1]!
    // The last character of 32 bytes has two bits that mean nothing.
    const sameBytes = `${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`
    const wrong = [
      `${payload}.${sameBytes}`,
      `${payload}.${signature}.`,
      `${payload}.${signature}=`,
      '',
      '.',
      payload,
      `${payload}.`,
      `${other}.${signature}`,
      `${payload}.${changed}`,
      foreign,
    ]

    expect(wrong.map((ticket) => links.read(ticket))).toEqual(wrong.map(() => null))
  })

  it('cannot be guessed: whatever text is given, it is no link and no failure', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => links.read(text) === null))
  })
})
