import { parseArgs } from 'node:util'
import { endWithOneLine } from '../process/lifecycle.ts'
import { type Definitions, openCollections } from '../stores/collections.ts'
import { forgetMigrations, type LedgerRow, readLedger } from '../stores/migrations/ledger.ts'
import { migrate, type Progress, rehearse } from '../stores/migrations/migrate.ts'
import { connectMongo } from '../stores/mongo.ts'
import type { DatabaseDefinition } from './open-database.ts'

type Place = Readonly<{
  uri: string
  database: string
  /** Printed before each line. */
  service: string
  /** Of the command line. */
  options?: readonly string[]
  print?: (line: string) => void
}>

/** Migrates the database of a service as the command line says: see `npm run migrate -- --help`. */
export async function migrateDatabase<T extends Definitions>(
  { uri, database, service, options = process.argv.slice(2), print = printLine }: Place,
  { definitions, migrations }: DatabaseDefinition<T>,
): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      'dry-run': { type: 'boolean' },
      status: { type: 'boolean' },
      forget: { type: 'string', multiple: true },
    },
  })
  const say = (line: string) => print(`${service}  ${line}`)
  const onProgress = (progress: Progress) => say(toLine(progress, values['dry-run'] === true))

  await using resources = new AsyncDisposableStack()
  const mongo = await connectMongo(uri, `${service}-migrate`)
  resources.defer(() => mongo.close())
  const db = mongo.db(database)
  const run = async () => {
    if (values.forget) return say(`${await forgetMigrations(db, values.forget)} taken out of the ledger`)
    const rows = await readLedger(db, migrations)
    if (values.status) return rows.map(toStatus).forEach(say)
    if (rows.every(({ entry }) => entry?.endedAt)) return say('nothing to migrate')
    if (values['dry-run']) return rehearse({ mongo, db, migrations, onProgress })
    await openCollections(db, definitions)
    await migrate({ mongo, db, migrations, now: () => new Date(), onProgress })
  }
  await run().catch(endWithOneLine)
}

const printLine = (line: string) => void process.stdout.write(`${line}\n`)

const inGroups = (count: number) => count.toLocaleString('en')

function toLine({ migration: { id }, read, changed, ofAbout, isEnded }: Progress, isRehearsal: boolean): string {
  const total = isEnded ? '' : ` of about ${inGroups(Math.max(ofAbout, read))}`
  return `${id}: ${inGroups(read)}${total} read, ${inGroups(changed)} ${isRehearsal ? 'to change' : 'changed'}`
}

function toStatus({ migration: { id, description }, entry }: LedgerRow): string {
  if (entry === null) return `waits  ${id}: ${description}`
  const figures = `${inGroups(entry.read)} read, ${inGroups(entry.changed)} changed`
  return entry.endedAt === null
    ? `begun  ${id}: ${figures}, last page at ${entry.updatedAt.toISOString()}`
    : `ended  ${id}: ${figures}, at ${entry.endedAt.toISOString()}`
}
