import type { Db } from 'mongodb'
import type { ApiKey } from '../domain/api-key.ts'
import type { Head } from '../domain/chain.ts'
import type { AuditEntry } from '../domain/entry.ts'

/** How things lie in MongoDB. Only this folder sees it. */
export type EntryDocument = Omit<AuditEntry, 'id'> & { _id: string }
/** Where the chain ends. Every append moves it, so two writers at once cannot both succeed. */
export type HeadDocument = Head & { _id: 'head' }

export type ApiKeyDocument = Omit<ApiKey, 'id'> & { _id: string }

export function collectionsOf(db: Db) {
  return {
    entries: db.collection<EntryDocument>('entries'),
    heads: db.collection<HeadDocument>('heads'),
    apiKeys: db.collection<ApiKeyDocument>('api_keys'),
  }
}
export type Collections = ReturnType<typeof collectionsOf>

/**
 * Creates the indexes; every query of this service has one. Those of the log end with what the log is sorted by; the
 * few entries of one entity are found by its trail and sorted.
 */
export async function prepareCollections({ entries, apiKeys }: Collections): Promise<void> {
  await entries.createIndexes([
    { key: { sequence: 1 }, name: 'chain', unique: true },
    { key: { entityId: 1, entityType: 1, at: 1, _id: 1 }, name: 'trail' },
    { key: { entityType: 1, sequence: 1 }, name: 'log_by_entity_type' },
    { key: { action: 1, sequence: 1 }, name: 'log_by_action' },
    { key: { actor: 1, sequence: 1 }, name: 'log_by_actor' },
    { key: { at: 1 }, name: 'count_by_time' },
  ])
  await apiKeys.createIndex({ createdAt: 1, _id: 1 }, { name: 'newest' })
}

export function toEntry({ _id, ...rest }: EntryDocument): AuditEntry {
  return { id: _id, ...rest }
}

export function toApiKey({ _id, ...rest }: ApiKeyDocument): ApiKey {
  return { id: _id, ...rest }
}
