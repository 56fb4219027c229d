import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { headerOf } from '@redress/shared/process/http.ts'
import { ForeignPageError } from '../errors.ts'
import { isAllowedOrigin, type Origins } from './origins.ts'

export type CheckOrigin = (request: IncomingMessage) => void

type Options = Readonly<{
  /** Names that the gateway is reached by, beside addresses and names without a dot. */
  hosts: ReadonlySet<string>
  origins: Origins
}>

/**
 * Refuses requests of pages of other sites, and those for a name that is not ours: a page can have its own name resolve to
 * this machine, and then counts for the browser as a page of the gateway. Such a name has a dot. For development, where
 * the gateway trusts its machine.
 */
export function createOriginCheck({ hosts, origins }: Options): CheckOrigin {
  // Nearly all requests name the same host.
  let known: string | null = null
  return (request) => {
    const [host, origin] = [headerOf(request, 'host'), headerOf(request, 'origin')]
    if (host !== known && host !== null && !isOurs(host, hosts)) throw new ForeignPageError('name', host)
    known = host
    if (origin !== null && !isAllowedOrigin(origins, { origin, host })) throw new ForeignPageError('origin', origin)
  }
}

function isOurs(host: string, hosts: ReadonlySet<string>): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, '')
  if (name.startsWith('[') && isIP(name.slice(1, -1)) === 6) return true
  return isIP(name) === 4 || !name.includes('.') || name.endsWith('.localhost') || hosts.has(name)
}
