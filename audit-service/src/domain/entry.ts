import { hash as digest } from 'node:crypto'
import { toCanonicalJson } from '@redress/shared/canonical-json.ts'
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
