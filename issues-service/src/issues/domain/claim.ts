import { createHash } from 'node:crypto'
import type { IssueInput } from './issue-input.ts'

/** An idempotency key in its space, and the digest of the whole input that it was first used with. */
export type Claim = Readonly<{ space: string; key: string; digest: string }>

/** Keys that Redress makes up itself; the names are stored. */
export type InternalSpace = 'payments' | 'intake'

/**
 * The space of a caller's own keys: equal keys of two callers are two keys. Its first letter differs from that of an
 * internal space, so that no caller can name a key of one, whatever the caller is called.
 */
export const spaceOfCaller = (actor: string) => `c:${actor}`
export const internalSpace = (name: InternalSpace) => `i:${name}`

/**
 * The digest of an input, whatever the order of its fields. Stored with the issue, so its form cannot change: it is not
 * the canonical JSON of audit entries.
 */
export function digestOf(input: IssueInput): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(input)))
    .digest('base64url')
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([key, inner]) => [key, sorted(inner)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
