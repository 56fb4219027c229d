import { createHash } from 'node:crypto'
import type { IssueInput } from './issue-input.ts'

/** Two inputs have the same digest when they ask for the same thing, whatever the order of their fields. */
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
