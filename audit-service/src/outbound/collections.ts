import { toTenant } from '@redress/shared/access/tenant.ts'
import {
  DEAD_EVENTS,
  EVENT_ALERTS,
  EVENT_LOG,
  EVENT_LOG_GROUPS,
  EVENT_POSITIONS,
  OUTBOX,
} from '@redress/shared/events/event-collections.ts'
import { type CollectionsOf, defineCollection } from '@redress/shared/stores/collections.ts'
import type { ApiKey } from '../domain/api-key.ts'
import type { Head } from '../domain/chain.ts'
import type { AuditEntry } from '../domain/entry.ts'
import type { Revocation } from '../domain/revocation.ts'

/** A domain type as it is stored. Only this folder sees documents. */
export type EntryDocument = Omit<AuditEntry, 'id'> & { _id: string }
/** The end of the chain. Every append moves it, so that of two concurrent writers one conflicts. */
export type HeadDocument = Head & { _id: 'head' }

/** `tenant` is missing in keys that are older than tenants. */
export type ApiKeyDocument = Omit<ApiKey, 'id' | 'tenant'> & { _id: string; tenant?: string }

export type RevocationDocument = Omit<Revocation, 'id'> & { _id: string }

/**
 * Every collection of this service, and every index: each query has one. The indexes of the log end with the order of
 * the log; the few entries of one entity are found by `trail` and sorted.
 */
export const COLLECTIONS = {
  entries: defineCollection<EntryDocument>({
    name: 'entries',
    indexes: [
      { key: { sequence: 1 }, name: 'chain', unique: true },
      { key: { entityId: 1, entityType: 1, at: 1, _id: 1 }, name: 'trail' },
      { key: { entityType: 1, sequence: 1 }, name: 'log_by_entity_type' },
      { key: { action: 1, sequence: 1 }, name: 'log_by_action' },
      { key: { actor: 1, sequence: 1 }, name: 'log_by_actor' },
      { key: { at: 1 }, name: 'count_by_time' },
    ],
  }),
  heads: defineCollection<HeadDocument>({ name: 'heads' }),
  apiKeys: defineCollection<ApiKeyDocument>({
    name: 'api_keys',
    indexes: [{ key: { createdAt: 1, _id: 1 }, name: 'newest' }],
  }),
  revocations: defineCollection<RevocationDocument>({
    name: 'token_revocations',
    indexes: [{ key: { revokedAt: 1 }, name: 'newest' }],
  }),
  positions: EVENT_POSITIONS,
  outbox: OUTBOX,
  eventLog: EVENT_LOG,
  eventLogGroups: EVENT_LOG_GROUPS,
  eventAlerts: EVENT_ALERTS,
  deadEvents: DEAD_EVENTS,
}
export type Collections = CollectionsOf<typeof COLLECTIONS>

export function toEntry({ _id, ...rest }: EntryDocument): AuditEntry {
  return { id: _id, ...rest }
}

export function toRevocation({ _id, ...rest }: RevocationDocument): Revocation {
  return { id: _id, ...rest }
}

export function toApiKey({ _id, ...rest }: ApiKeyDocument): ApiKey {
  return { id: _id, ...rest, tenant: toTenant(rest.tenant) }
}
