import type { DomainEvent } from '../events/envelope.ts'

const FIRST_MS = Date.parse('2030-01-01T00:00:00Z')

/** The event number `number` of an entity, each a millisecond after the one before it. */
export function eventOf(entityId: string, number: number, change: Partial<DomainEvent> = {}): DomainEvent {
  return {
    id: `${entityId}-${number}`,
    type: 'thing.changed',
    at: new Date(FIRST_MS + number).toISOString(),
    actor: 'ada',
    requestId: null,
    tenant: 'default',
    ip: null,
    entity: { type: 'Thing', id: entityId },
    changes: {},
    data: {},
    ...change,
  }
}
