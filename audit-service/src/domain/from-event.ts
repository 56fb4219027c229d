import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { AuditEntry } from './entry.ts'

/** An entry without its place in the chain. */
export type Act = Omit<AuditEntry, 'sequence' | 'hash' | 'previousHash'>

/** Records an event: everything but `data`, which is for consumers only. */
export function toAct({ id, type, actor, ip, requestId, entity, changes, at }: DomainEvent): Act {
  const act = { id: `aud_${id}`, entityType: entity.type, entityId: entity.id, action: type, actor, ip, requestId }
  return { ...(toStorable({ ...act, changes }) as Omit<Act, 'at'>), at: new Date(at) }
}

/** Replaces lone surrogates, which UTF-8 cannot store: the hash would not match the stored text. */
function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(toStorable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), toStorable(inner)]))
}
