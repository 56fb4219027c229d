import { createHash } from 'node:crypto'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'

/** One act on record. */
export type AuditEntry = Readonly<{
  /** Derived from the event, so that one event is on record once. */
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

/** What the first entry has before it. */
export const GENESIS_HASH = '0'.repeat(64)

export type Head = Readonly<{ sequence: number; hash: string }>
export const GENESIS: Head = { sequence: 0, hash: GENESIS_HASH }

/** The entries that events add to the chain, in order. */
export function extendChain(head: Head, events: readonly DomainEvent[]): readonly AuditEntry[] {
  let { sequence, hash: previousHash } = head
  return events.map((event) => {
    const content = { ...contentOf(event), sequence: ++sequence, previousHash }
    const entry = { ...content, hash: hashOf(content) }
    previousHash = entry.hash
    return entry
  })
}

function contentOf({ id, type, actor, ip, requestId, entity, changes, at }: DomainEvent) {
  return {
    id: `aud_${id}`,
    entityType: entity.type,
    entityId: entity.id,
    action: type,
    actor,
    ip,
    requestId,
    changes,
    at: new Date(at),
  }
}

export function hashOf(content: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(toCanonicalJson(content)).digest('hex')
}

/**
 * JSON in one form only (RFC 8785): names sorted, no white space. Numbers and strings are written as ECMAScript writes
 * them, which is what the RFC asks for.
 */
export function toCanonicalJson(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => `${JSON.stringify(name)}:${toCanonicalJson(inner)}`)
  return `{${members.join(',')}}`
}
