import { networkOf } from '../failed-attempts.ts'
import type { CountedRefusals, Refusal, RefusalReason } from './refusal.ts'

/**
 * Callers and networks that are counted one by one, for each reason; all others of the reason are counted together. So
 * neither the memory nor the record grows with the requests of an attacker, and one reason cannot hide another.
 */
const SUBJECTS_MAX = 10

type Subject = Pick<CountedRefusals, 'callerId' | 'network' | 'permission'>
type Count = Subject & { count: number; firstAt: number; lastAt: number }

const OTHERS: Subject = { callerId: null, network: null, permission: null }

export type RefusalTally = Readonly<{
  add: (refusal: Refusal, at: number) => void
  /** Everything since the last time. */
  take: () => readonly CountedRefusals[]
}>

/** Counts refusals by reason, caller, network and permission. */
export function createRefusalTally(): RefusalTally {
  let counts = new Map<RefusalReason, Map<string, Count>>()

  return {
    add({ reason, ...rest }, at) {
      const ofReason = counts.get(reason) ?? new Map<string, Count>()
      counts.set(reason, ofReason)
      const subject = toSubject(rest)
      const key = keyOf(subject)
      const count = ofReason.get(key) ?? openCount(ofReason, { key, subject }, at)
      count.count++
      count.lastAt = at
    },
    take() {
      const taken = counts
      counts = new Map()
      return [...taken].flatMap(([reason, ofReason]) => [...ofReason.values()].map((count) => toCounted(reason, count)))
    },
  }
}

function openCount(
  counts: Map<string, Count>,
  { key, subject }: Readonly<{ key: string; subject: Subject }>,
  at: number,
): Count {
  const isFull = counts.size >= SUBJECTS_MAX
  const name = isFull ? keyOf(OTHERS) : key
  const known = counts.get(name)
  if (known) return known
  const count = { ...(isFull ? OTHERS : subject), count: 0, firstAt: at, lastAt: at }
  counts.set(name, count)
  return count
}

const keyOf = ({ callerId, network, permission }: Subject) => `${permission} ${network} ${callerId}`

function toSubject({ callerId, clientIp, permission }: Omit<Refusal, 'reason'>): Subject {
  return { callerId, network: clientIp === null ? null : toMaskedNetwork(clientIp), permission }
}

function toCounted(reason: RefusalReason, { firstAt, lastAt, ...rest }: Count): CountedRefusals {
  return { reason, ...rest, firstAt: new Date(firstAt).toISOString(), lastAt: new Date(lastAt).toISOString() }
}

/**
 * The /24 of an IPv4 address and the /48 of an IPv6 address: entries of the record are never removed, so they hold no whole
 * address of a person who may never have been a user. Null for what is no address.
 */
export function toMaskedNetwork(ip: string): string | null {
  const network = networkOf(ip)
  if (network.endsWith('::/64')) return `${network.split(':').slice(0, 3).join(':')}::/48`
  return /^\d+\.\d+\.\d+\.\d+$/.test(network) ? network.replace(/\d+$/, '0/24') : null
}
