import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { AuditEntry } from './entry.ts'

/** What happened, without its place in the chain. */
export type Act = Omit<AuditEntry, 'sequence' | 'hash' | 'previousHash'>

/** What is recorded of an event: everything but the data that only its consumers need. */
export function toAct({ id, type, actor, ip, requestId, entity, changes, at }: DomainEvent): Act {
  const act = { id: `aud_${id}`, entityType: entity.type, entityId: entity.id, action: type, actor, ip, requestId }
  return { ...(toStorable({ ...act, changes }) as Omit<Act, 'at'>), at: new Date(at) }
}

/** Half a surrogate pair does not survive as UTF-8: the hash would not fit what is read back. */
function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(toStorable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), toStorable(inner)]))
}
