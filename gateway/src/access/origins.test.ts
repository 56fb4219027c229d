import { describe, expect, it } from 'vitest'
import { corsHeaders, isAllowedOrigin, preflightHeaders, readOrigins } from './guards/origins.ts'

const CONSOLE = 'https://console.example.com'
const listed = readOrigins(`${CONSOLE}, http://localhost:5173`)
const none = readOrigins('')

describe('the list of origins', () => {
  it('may be empty', () => {
    expect([...readOrigins(' , ')]).toEqual([])
  })

  it.for(['*', 'console.example.com', `${CONSOLE}/`, `${CONSOLE}/path`, 'https://*.example.com', 'null', 'file:///'])(
    'does not take %s',
    (text) => {
      expect(() => readOrigins(`${CONSOLE}, ${text}`)).toThrow()
    },
  )
})

describe('a request', () => {
  it.for<[string | null, boolean]>([
    [null, true],
    ['http://gateway.example.com:4000', true],
    ['https://gateway.example.com:4000', true],
    [CONSOLE, false],
    ['http://gateway.example.com', false],
    ['http://gateway.example.com:4000.evil.example', false],
    ['http://evil.example/?gateway.example.com:4000', false],
    ['null', false],
    ['', false],
  ])('from %j may come: %s, where no origin is listed', ([origin, allowed]) => {
    expect(isAllowedOrigin(none, { origin, host: 'Gateway.example.com:4000' })).toBe(allowed)
  })

  it('may come from a listed origin, written exactly so', () => {
    const from = (origin: string) => isAllowedOrigin(listed, { origin, host: 'gateway.example.com' })

    expect([CONSOLE, 'http://localhost:5173'].map(from)).toEqual([true, true])
    expect([`${CONSOLE}:8443`, 'http://console.example.com', `${CONSOLE}.evil.example`].map(from)).toEqual([
      false,
      false,
      false,
    ])
  })

  it('of a page may not come without a host', () => {
    expect(isAllowedOrigin(none, { origin: 'http://a', host: null })).toBe(false)
  })
})

describe('an answer', () => {
  it('may be read by a page of a listed origin, without cookies', () => {
    expect(corsHeaders(listed, CONSOLE)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': CONSOLE,
      'access-control-expose-headers': expect.stringContaining('retry-after'),
    })
  })

  it('may be read by no other page', () => {
    expect(corsHeaders(listed, 'https://evil.example')).toEqual({ vary: 'Origin' })
    expect(corsHeaders(listed, null)).toEqual({ vary: 'Origin' })
    expect(corsHeaders(none, CONSOLE)).toEqual({})
  })

  it('to a preflight request allows GET and POST with our headers, for listed origins', () => {
    expect(preflightHeaders(listed, CONSOLE)).toMatchObject({
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': expect.stringContaining('x-api-key'),
    })
    expect(preflightHeaders(listed, 'https://evil.example')).toEqual({})
  })
})
