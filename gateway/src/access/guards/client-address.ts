import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { headerOf } from '@redress/shared/process/http.ts'

/** The proxies whose reports are believed: a number of hops, or their networks. */
export type ProxyTrust = number | BlockList

/** The headers in which proxies report addresses, by their names in TRUST_PROXY_HEADER. */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const
export type ProxyHeader = (typeof PROXY_HEADERS)[number]

export type ClientAddressOptions = Readonly<{
  trust: ProxyTrust
  /** The header that the proxies write; null takes Forwarded only where there is no X-Forwarded-For. */
  header: ProxyHeader | null
}>

export type ClientAddress = (request: IncomingMessage) => string

const HOPS_MAX = 32
const ALIASES: Readonly<Record<string, string>> = { '': '0', false: '0', true: '1' }

/**
 * Reads TRUST_PROXY: a number of hops (`true` is 1, `false` 0), or addresses and networks by comma, as 10.0.0.0/8, fd00::/8.
 * @throws for anything else.
 */
export function readProxyTrust(given: string): ProxyTrust {
  const text = ALIASES[given.trim()] ?? given.trim()
  if (/^\d+$/.test(text)) {
    if (Number(text) > HOPS_MAX) throw new Error(`At most ${HOPS_MAX} hops.`)
    return Number(text)
  }
  const networks = new BlockList()
  for (const network of text.split(',')) addNetwork(networks, network.trim())
  return networks
}

export function isProxyTrust(text: string): boolean {
  try {
    readProxyTrust(text)
    return true
  } catch {
    return false
  }
}

/**
 * Finds the address of a client. Proxies append to their header, and clients can send any beginning of it, so addresses
 * count from the right: the client is the first that no trusted proxy has. An entry that is no address ends the search.
 */
export function createClientAddress({ trust, header }: ClientAddressOptions): ClientAddress {
  if (trust === 0) return socketAddress
  return (request) => {
    let client = socketAddress(request)
    const reported = reportedIn(request, header)
    for (let hops = 0; reported.length > 0 && isTrusted(trust, client, hops); hops++) {
      const next = toAddress(reported.pop()!)
      if (next === null) break
      client = next
    }
    return client
  }
}

function isTrusted(trust: ProxyTrust, address: string, hops: number): boolean {
  if (typeof trust === 'number') return hops < trust
  const version = isIP(address)
  return version !== 0 && trust.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

/** The entries of the header, from the client to the last proxy. */
function reportedIn(request: IncomingMessage, header: ProxyHeader | null): string[] {
  const list = header === 'forwarded' ? null : headerOf(request, 'x-forwarded-for')
  if (list !== null) return list.split(',')
  const forwarded = header === 'x-forwarded-for' ? null : headerOf(request, 'forwarded')
  // Proxies write addresses, in which no comma can be. A client could write an open quotation mark.
  return forwarded?.split(',').map((element) => /(?:^|;)\s*for\s*=\s*"?([^";]*)/i.exec(element)?.[1] ?? '') ?? []
}

const MAPPED = /^::ffff:(?=\d+\.)/i

/** Of the connections that are open: it is asked for with each request. */
const addresses = new WeakMap<IncomingMessage['socket'], string>()

function socketAddress({ socket }: IncomingMessage): string {
  const known = addresses.get(socket)
  if (known !== undefined) return known
  const address = socket.remoteAddress?.replace(MAPPED, '') ?? 'unknown'
  addresses.set(socket, address)
  return address
}

/** Reads `address`, `address:port`, `[address]` and `[address]:port`. Null for what is no address. */
function toAddress(entry: string): string | null {
  const text = entry.trim().replace(MAPPED, '')
  if (isIP(text) !== 0) return text
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? ''
  const plain = address.replace(MAPPED, '')
  return isIP(plain) === 0 ? null : plain
}

function addNetwork(networks: BlockList, text: string): void {
  const [address = '', prefix] = text.split('/')
  const version = isIP(address)
  const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix)
  if (version === 0 || (prefix !== undefined && !/^\d+$/.test(prefix))) throw new Error(`${text} is not a network.`)
  networks.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
}
