import { createHash } from 'node:crypto'
import type { IssueInput } from './issue-input.ts'

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
