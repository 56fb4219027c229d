import { deadEventMigrations } from '@redress/shared/events/dead-letters/dead-event-migrations.ts'
import { CONSUMER_GROUPS, STREAMS } from '@redress/shared/events/envelope.ts'
import { collectionsOf } from '@redress/shared/stores/collections.ts'
import { giveTenant } from '@redress/shared/stores/migrations/give-tenant.ts'
import type { Migration } from '@redress/shared/stores/migrations/migration.ts'
import { COLLECTIONS } from './collections.ts'
import { createListDeadEvents } from './jobs/dead-letters/list-events.ts'

/** In their order: a new one is added at the end. */
const migrations: readonly Migration[] = [
  ...deadEventMigrations({
    ...{ group: CONSUMER_GROUPS.decisions, stream: STREAMS.issues },
    listIn: (db) => createListDeadEvents(collectionsOf(db, COLLECTIONS).deadLetters),
  }),
  giveTenant(COLLECTIONS.decisions),
  giveTenant(COLLECTIONS.jobs),
]

/** The collections and migrations of this service. */
export const DATABASE = { definitions: COLLECTIONS, migrations }
