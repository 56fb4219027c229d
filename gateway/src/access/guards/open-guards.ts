import { createAddressLimit, type LimitAddress } from './address-limit.ts'
import { type CheckOrigin, createOriginCheck } from './check-origin.ts'
import { type ClientAddress, type ClientAddressOptions, createClientAddress } from './client-address.ts'
import { createDevSessions, type DevSessions } from './dev-sessions.ts'
import type { Origins } from './origins.ts'

export type GuardOptions = Readonly<{
  proxies: ClientAddressOptions
  hosts: Readonly<{ areChecked: boolean; allowed: ReadonlySet<string> }>
  origins: Origins
  /** Requests per minute. */
  addressLimit: number
  playgroundCode: string | null
}>

/** The guards that every request passes before its caller is known. */
export type Guards = Readonly<{
  clientAddress: ClientAddress
  checkOrigin: CheckOrigin
  limitAddress: LimitAddress
  devSessions: DevSessions | null
}>

export function openGuards({ proxies, hosts, origins, addressLimit, playgroundCode }: GuardOptions): Guards {
  return {
    clientAddress: createClientAddress(proxies),
    checkOrigin: hosts.areChecked ? createOriginCheck({ hosts: hosts.allowed, origins }) : () => {},
    limitAddress: createAddressLimit(addressLimit),
    devSessions: playgroundCode === null ? null : createDevSessions(playgroundCode),
  }
}
