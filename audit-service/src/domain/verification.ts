import { type AuditEntry, type Head, hashOf } from './entry.ts'

/** Why an entry does not follow from the one before it; null where it does. */
export function findBreak(before: Head, entry: AuditEntry): string | null {
  if (entry.sequence !== before.sequence + 1) {
    return `entry ${before.sequence + 1} is missing; the next is ${entry.sequence}`
  }
  if (entry.previousHash !== before.hash) return 'previousHash is not the hash of the entry before it'
  const { hash, ...content } = entry
  return hashOf(content) === hash ? null : 'hash does not fit the content: the entry was changed'
}
