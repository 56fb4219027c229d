import type { Collection, Db } from 'mongodb'
import { ConfigError } from '../../process/config-error.ts'
import { defineCollection } from '../collections.ts'
import type { Migration, Position } from './migration.ts'

/**
 * A migration in the ledger of its database. `holder` is the process that runs it, until `leasedUntil`; `position` is the
 * place behind what is done.
 */
export type LedgerDocument = {
  _id: string
  position: Position | null
  read: number
  changed: number
  holder: string | null
  leasedUntil: Date
  startedAt: Date
  updatedAt: Date
  endedAt: Date | null
}

/** The migrations that a database has seen. */
export const LEDGER = defineCollection<LedgerDocument>({ name: 'migrations' })

export function ledgerOf(db: Db): Collection<LedgerDocument> {
  return db.collection<LedgerDocument>(LEDGER.name)
}

export type LedgerRow = Readonly<{ migration: Migration; entry: LedgerDocument | null }>

/**
 * The migrations in their order, each with its entry; null for one that has not begun.
 * @throws ConfigError if the ledger has a migration that this version does not know: documents that this version wrote
 * would lack what the migration has given to all others, and nothing would run it again.
 */
export async function readLedger(db: Db, migrations: readonly Migration[]): Promise<readonly LedgerRow[]> {
  const entries = new Map((await ledgerOf(db).find().toArray()).map((entry) => [entry._id, entry]))
  const known = new Set(migrations.map(({ id }) => id))
  const unknown = [...entries.keys()].filter((id) => !known.has(id)).sort()
  if (unknown.length > 0) {
    const problem = `the database ${db.databaseName} was migrated by a newer version (${unknown.join(', ')})`
    throw new ConfigError([`${problem}: run that version, or take these out of the ledger with npm run migrate`])
  }
  return migrations.map((migration) => ({ migration, entry: entries.get(migration.id) ?? null }))
}

/** Takes migrations out of the ledger, so that an older version starts, and a newer one runs them again. */
export async function forgetMigrations(db: Db, ids: readonly string[]): Promise<number> {
  return (await ledgerOf(db).deleteMany({ _id: { $in: [...ids] } })).deletedCount
}
