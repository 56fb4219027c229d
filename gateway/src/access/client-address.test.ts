import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createClientAddress, isProxyTrust, type ProxyHeader, readProxyTrust } from './guards/client-address.ts'

type From = Readonly<{ socket?: string; list?: string; forwarded?: string; header?: ProxyHeader }>

function addressOf(proxies: string, { socket = '10.0.0.2', list, forwarded, header }: From): string {
  const headers = {
    ...(list !== undefined && { 'x-forwarded-for': list }),
    ...(forwarded !== undefined && { forwarded }),
  }
  const request = { headers, socket: { remoteAddress: socket } } as unknown as IncomingMessage
  return createClientAddress({ trust: readProxyTrust(proxies), header: header ?? null })(request)
}

const SPOOFED = '198.51.100.1, 198.51.100.2, 203.0.113.7'

describe('the address of a client', () => {
  it.for<[string, string, string]>([
    ['without a trusted proxy is the other end of the connection', 'false', '10.0.0.2'],
    ['behind one proxy is the last that was reported', 'true', '203.0.113.7'],
    ['behind one hop as well', '1', '203.0.113.7'],
    ['behind two hops is the last but one', '2', '198.51.100.2'],
    ['behind more hops than were reported is the first', '9', '198.51.100.1'],
    ['behind a network is the first from the right that is not of it', '10.0.0.0/8', '203.0.113.7'],
    ['behind several networks too', '10.0.0.0/8, 203.0.113.0/24', '198.51.100.2'],
    ['of another network than the trusted ones is the other end', '192.168.0.0/16', '10.0.0.2'],
  ])('%s', ([, proxies, address]) => {
    expect(addressOf(proxies, { list: SPOOFED })).toBe(address)
  })

  it.for<[string, string]>([
    ['203.0.113.7:51034', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:51034', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
  ])('reported as %s is %s', ([reported, address]) => {
    expect(addressOf('1', { list: `198.51.100.1, ${reported}` })).toBe(address)
    expect(addressOf('1', { forwarded: `for=198.51.100.1, for="${reported}";proto=https;by=10.0.0.3` })).toBe(address)
  })

  it.for(['unknown', '_hidden', '', '203.0.113.7:port', '999.1.1.1', '203.0.113.7 198.51.100.9'])(
    'reported as %j, which is none, is that of the proxy',
    (reported) => {
      expect(addressOf('2', { list: `198.51.100.1, ${reported}` })).toBe('10.0.0.2')
    },
  )

  it('is read from Forwarded, whatever a client wrote before it', () => {
    expect(addressOf('1', { forwarded: 'proto=http; FOR = 203.0.113.7 ;by=10.0.0.3' })).toBe('203.0.113.7')
    expect(addressOf('1', { forwarded: 'for="198.51.100.1, for=203.0.113.7' })).toBe('203.0.113.7')
    expect(addressOf('10.0.0.0/8', { forwarded: 'for=198.51.100.1, for=203.0.113.7, for=10.0.0.9' })).toBe(
      '203.0.113.7',
    )
  })

  it('is read from the header that the proxies write, and from no other', () => {
    const both = { list: '198.51.100.1', forwarded: 'for=203.0.113.7' }

    expect(addressOf('1', both)).toBe('198.51.100.1')
    expect(addressOf('1', { ...both, header: 'forwarded' })).toBe('203.0.113.7')
    expect(addressOf('1', { forwarded: 'for=203.0.113.7', header: 'x-forwarded-for' })).toBe('10.0.0.2')
  })

  it('of a connection by IPv6 is recognised in networks of IPv4', () => {
    expect(addressOf('10.0.0.0/8', { socket: '::ffff:10.0.0.2', list: '203.0.113.7' })).toBe('203.0.113.7')
    expect(addressOf('fd00::/8,::1', { socket: 'fd00::5', list: '203.0.113.7' })).toBe('203.0.113.7')
  })
})

describe('TRUST_PROXY', () => {
  it.for(['yes', '10.0.0.0/33', '10.0.0/8', '-1', '33', '10.0.0.1,', 'localhost', '10.0.0.0/8 11.0.0.0/8', '1.5'])(
    'cannot be %j',
    (text) => {
      expect(isProxyTrust(text)).toBe(false)
    },
  )
})
