import { hash as digest } from 'node:crypto'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'

/** One recorded act. */
export type AuditEntry = Readonly<{
  /** Derived from the event, so that each event is recorded once. */
  id: string
  /** Position in the chain, from 1, without gaps. */
  sequence: number
  entityType: string
  entityId: string
  action: string
  actor: string
  ip: string | null
  requestId: string | null
  changes: DomainEvent['changes']
  at: Date
  /** sha256, hexadecimal, over the canonical entry, the hash before it included. */
  hash: string
  previousHash: string
}>

export function hashOf(content: Omit<AuditEntry, 'hash'>): string {
  return digest('sha256', toCanonicalJson(content), 'hex')
}

/**
 * JSON in one form only (RFC 8785): names sorted by UTF-16 code units, no white space, strings and numbers as
 * ECMAScript writes them. A date is its text.
 */
export function toCanonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`
  if (isPlainObject(value)) return toCanonicalObject(value)
  if (typeof value === 'boolean' || isMoment(value)) return JSON.stringify(value)
  // A value that JSON does not have gets a text that is not JSON, so that it never equals a sealed entry.
  return typeof value === 'number' ? String(value) : typeof value
}

/** A loop that appends, because every entry is hashed: with arrays in between it took half as long again. */
function toCanonicalObject(value: Readonly<Record<string, unknown>>): string {
  let members = ''
  for (const name of Object.keys(value).sort()) {
    members += `${members && ','}${JSON.stringify(name)}:${toCanonicalJson(value[name])}`
  }
  return `{${members}}`
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isMoment(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
