import type { Db } from 'mongodb'
import type { AuditEntry } from '../domain/entry.ts'

/** How things lie in MongoDB. Only this folder sees it. */
export type EntryDocument = Omit<AuditEntry, 'id'> & { _id: string }
/** Where the chain ends. Every append moves it, so two writers at once cannot both succeed. */
export type HeadDocument = { _id: 'head'; sequence: number; hash: string }

export function collectionsOf(db: Db) {
  return { entries: db.collection<EntryDocument>('entries'), heads: db.collection<HeadDocument>('heads') }
}
export type Collections = ReturnType<typeof collectionsOf>

/** Creates the indexes; every query of this service has one. */
export async function prepareCollections({ entries }: Collections): Promise<void> {
  await entries.createIndexes([
    { key: { sequence: 1 }, name: 'chain', unique: true },
    { key: { entityType: 1, entityId: 1, sequence: 1, _id: 1 }, name: 'by_entity' },
  ])
}

export function toEntry({ _id, ...rest }: EntryDocument): AuditEntry {
  return { id: _id, ...rest }
}
