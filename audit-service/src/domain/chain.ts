import { type AuditEntry, hashOf } from './entry.ts'
import type { Act } from './from-event.ts'

/** The end of the chain. */
export type Head = Readonly<{ sequence: number; hash: string }>

/** The end of an empty chain. */
export const GENESIS: Head = { sequence: 0, hash: '0'.repeat(64) }

/** The entries that extend the chain by these acts, in order. */
export function extendChain(head: Head, acts: readonly Act[]): readonly AuditEntry[] {
  let { sequence, hash: previousHash } = head
  return acts.map((act) => {
    const content = { ...act, sequence: ++sequence, previousHash }
    const entry = { ...content, hash: hashOf(content) }
    previousHash = entry.hash
    return entry
  })
}

/** The reason why an entry does not follow from the one before it, or null. */
export function findBreak(before: Head, entry: AuditEntry): string | null {
  if (entry.sequence !== before.sequence + 1) {
    return `entry ${before.sequence + 1} is missing; the next is ${entry.sequence}`
  }
  if (entry.previousHash !== before.hash) return 'previousHash is not the hash of the entry before it'
  const { hash, ...content } = entry
  return hashOf(content) === hash ? null : 'hash does not fit the content: the entry was changed'
}
