import { describe, expect, it } from 'vitest'
import { credentialsOf, readMessage, toCloseReason } from './websocket-messages.ts'

const nothing = { authorization: null, apiKey: null }

describe('a message', () => {
  it.for([
    '{"type":"connection_init"}',
    '{"type":"connection_init","payload":{"authorization":"Bearer x"}}',
    '{"type":"ping","payload":null}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":null,"extensions":{}}}',
    '{"type":"complete","id":"1"}',
  ])('may be %s', (text) => {
    expect(readMessage(text)).toEqual(JSON.parse(text))
  })

  it.for([
    '',
    'null',
    '[]',
    '{"type":"next","id":"1","payload":{}}',
    '{"type":"subscribe","payload":{"query":"{a}"}}',
    '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
    '{"type":"subscribe","id":"1","payload":{"variables":{}}}',
    `{"type":"complete","id":"${'1'.repeat(257)}"}`,
  ])('is not %s', (text) => {
    expect(readMessage(text)).toBeNull()
  })
})

describe('credentials', () => {
  it('are taken from the payload by any way of writing their names', () => {
    expect(credentialsOf({ Authorization: 'Bearer a' }, nothing)).toEqual({ authorization: 'Bearer a', apiKey: null })
    expect(credentialsOf({ 'x-api-key': 'k' }, nothing)).toEqual({ authorization: null, apiKey: 'k' })
  })

  it('of the upgrade request count where the payload shows none', () => {
    const headers = { authorization: 'Bearer h', apiKey: null }

    expect(credentialsOf({ authorization: 7 }, headers)).toEqual(headers)
    expect(credentialsOf({ authorization: 'Bearer p' }, headers).authorization).toBe('Bearer p')
  })
})

describe('the reason of a close frame', () => {
  it('is the short one where the long one has no room', () => {
    expect(toCloseReason('x'.repeat(123), 'short')).toHaveLength(123)
    expect(toCloseReason('ü'.repeat(62), 'short')).toBe('short')
  })
})
