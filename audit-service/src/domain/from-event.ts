import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { AuditEntry } from './entry.ts'

/** An entry without its place in the chain. */
export type Act = Omit<AuditEntry, 'sequence' | 'hash' | 'previousHash'>

/** Records an event: everything but `data`, which is for consumers only. */
export function toAct({ id, type, actor, ip, requestId, entity, changes, at }: DomainEvent): Act {
  const act = { id: `aud_${id}`, entityType: entity.type, entityId: entity.id, action: type, actor, ip, requestId }
  const given = { ...act, changes }
  return { ...(isStorable(given) ? given : (toStorable(given) as Omit<Act, 'at'>)), at: new Date(at) }
}

/** Whether every text is one that UTF-8 can store, as nearly always: looking is cheaper than copying. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => name.isWellFormed() && isStorable(inner))
}

/** Replaces lone surrogates, which UTF-8 cannot store: the hash would not match the stored text. */
function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(toStorable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), toStorable(inner)]))
}
