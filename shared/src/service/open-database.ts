import { endWithOneLine } from '../process/lifecycle.ts'
import { type CollectionsOf, type Definitions, openCollections } from '../stores/collections.ts'
import { migrate, type Progress } from '../stores/migrations/migrate.ts'
import type { Migration } from '../stores/migrations/migration.ts'
import type { Service } from './open-service.ts'

/** The most often that a migration is logged. */
const LOG_EVERY_MS = 5_000

/** Everything that a service decides about its database. */
export type DatabaseDefinition<T extends Definitions = Definitions> = Readonly<{
  definitions: T
  /** In the order in which they run. */
  migrations: readonly Migration[]
}>

/**
 * The collections of a service with their indexes, after every migration has run: nothing serves before. With an
 * up-to-date ledger this costs one read of it.
 */
export async function openDatabase<T extends Definitions>(
  { mongo, db, logger }: Pick<Service, 'mongo' | 'db' | 'logger'>,
  { definitions, migrations }: DatabaseDefinition<T>,
): Promise<CollectionsOf<T>> {
  const collections = await openCollections(db, definitions)
  let loggedAt = performance.now()
  const onProgress = ({ migration: { id }, read, changed, ofAbout, isEnded }: Progress) => {
    const nowMs = performance.now()
    if (!isEnded && nowMs - loggedAt < LOG_EVERY_MS) return
    loggedAt = nowMs
    logger.info({ migration: id, read, changed, ofAbout }, isEnded ? 'migrated' : 'migrating')
  }
  await migrate({ mongo, db, migrations, now: () => new Date(), onProgress }).catch(endWithOneLine)
  return collections
}
