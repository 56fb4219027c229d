import { describe, expect, it } from 'vitest'
import { readAfter, toCursorText } from './cursor.ts'

const cursor = { entryId: '1893456000000-7', eventId: 'iss_1-3', epoch: 'e1' }
const invalid = expect.objectContaining({ code: 'CURSOR_INVALID' })

describe('a cursor', () => {
  it('is text that can stand anywhere, and leads back to its entry and event', () => {
    const text = toCursorText('issueStatusChanged', cursor)

    expect(text).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(readAfter('issueStatusChanged', text)).toEqual({ cursor })
  })

  it('of an earlier version names no epoch', () => {
    const text = Buffer.from('i7-0 iss_1-3').toString('base64url')

    expect(readAfter('issueStatusChanged', text)).toEqual({
      cursor: { entryId: '7-0', eventId: 'iss_1-3', epoch: null },
    })
  })

  it('means nothing to another subscription', () => {
    const text = toCursorText('issueStatusChanged', cursor)

    expect(() => readAfter('decisionMade', text)).toThrow(invalid)
  })

  it.for([
    '',
    'nonsense',
    '2030-01-01',
    '2030-13-45T00:00:00Z',
    toCursorText('issueStatusChanged', { ...cursor, entryId: '$' }),
    toCursorText('issueStatusChanged', { ...cursor, eventId: 'with space' }),
    toCursorText('issueStatusChanged', { ...cursor, eventId: 'x'.repeat(1_000) }),
  ])('is not %s', (text) => {
    expect(() => readAfter('issueStatusChanged', text)).toThrow(invalid)
  })
})

describe('a moment in place of a cursor', () => {
  it.for<[string, number]>([
    ['2030-01-01T00:00:00Z', 1_893_456_000_000],
    ['2030-01-01T00:00:00.250Z', 1_893_456_000_250],
    ['2030-01-01t02:00:00+02:00', 1_893_456_000_000],
  ])('may be %s', ([text, momentMs]) => {
    expect(readAfter('decisionMade', text)).toEqual({ momentMs })
  })
})
