import { deadEventMigrations } from '@redress/shared/events/dead-letters/dead-event-migrations.ts'
import { CONSUMER_GROUPS, RECORDED_STREAMS } from '@redress/shared/events/envelope.ts'
import type { Migration } from '@redress/shared/stores/migrations/migration.ts'
import { COLLECTIONS } from './collections.ts'

/** In their order: a new one is added at the end. */
const migrations: readonly Migration[] = [
  ...deadEventMigrations({ group: CONSUMER_GROUPS.audit, stream: RECORDED_STREAMS[0]! }),
]

/** The collections and migrations of this service. */
export const DATABASE = { definitions: COLLECTIONS, migrations }
