import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Db, MongoClient } from 'mongodb'
import type { Clock } from '../../time.ts'
import { inTransaction } from '../mongo.ts'
import { type LedgerDocument, ledgerOf, readLedger } from './ledger.ts'
import type { Migration, Page } from './migration.ts'

/** A page takes well under a second; a process that was killed in one holds up the others for this long. */
const LEASE_MS = 10_000
const WAIT_MS = 200

export type Progress = Readonly<{
  migration: Migration
  /** Documents, from the beginning; in `ofAbout` as they were counted at the start of this process. */
  read: number
  changed: number
  ofAbout: number
  isEnded: boolean
}>

export type MigrateOptions = Readonly<{
  mongo: MongoClient
  db: Db
  migrations: readonly Migration[]
  now: Clock
  onProgress: (progress: Progress) => void
}>

/**
 * Runs the migrations that the ledger does not have as ended, in order, each from where it was interrupted. Of several
 * processes one runs a migration, by a lease, and the others wait for its end; since the ledger moves in the
 * transaction of each page, two holders of a lease could do no page twice.
 * @throws ConfigError if the ledger is newer than the migrations; whatever a migration throws.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const rows = await readLedger(options.db, options.migrations)
  for (const { migration, entry } of rows) {
    if (entry === null || entry.endedAt === null) await runToEnd(migration, options)
  }
}

/** Counts the documents that the migrations which have not ended would change, from where they are. Stores nothing. */
export async function rehearse({ mongo, db, migrations, onProgress }: Omit<MigrateOptions, 'now'>): Promise<void> {
  for (const { migration, entry } of await readLedger(db, migrations)) {
    if (entry !== null && entry.endedAt !== null) continue
    const ofAbout = await migration.count(db)
    let [position, read, changed] = [entry?.position ?? null, entry?.read ?? 0, entry?.changed ?? 0]
    do {
      const page = await inTransaction(mongo, async (session) => {
        const done = await migration.run({ db, session, position })
        await session.abortTransaction()
        return done
      })
      position = page.next
      read += page.read
      changed += page.changed
      onProgress({ migration, read, changed, ofAbout, isEnded: position === null })
    } while (position !== null)
  }
}

type Held = Readonly<{ migration: Migration; holder: string; ofAbout: number }>

async function runToEnd(migration: Migration, options: MigrateOptions): Promise<void> {
  const held = { migration, holder: randomUUID(), ofAbout: await migration.count(options.db) }
  await enter(migration, options)
  for (;;) {
    const taken = await take(held, options)
    if (taken !== null && (await runPages(taken, held, options))) return
    const found = await ledgerOf(options.db).findOne({ _id: migration.id })
    if (found !== null && found.endedAt !== null) return
    await pause(WAIT_MS)
  }
}

/** Enters a migration that begins into the ledger. */
async function enter({ id }: Migration, { db, now }: MigrateOptions): Promise<void> {
  const at = now()
  const fresh = { position: null, read: 0, changed: 0, holder: null, leasedUntil: at, startedAt: at, updatedAt: at }
  await ledgerOf(db).updateOne({ _id: id }, { $setOnInsert: { ...fresh, endedAt: null } }, { upsert: true })
}

/** Null while another process runs it, and once it has ended. */
function take({ migration: { id }, holder }: Held, options: MigrateOptions): Promise<LedgerDocument | null> {
  const { db, now } = options
  const isFree = { _id: id, endedAt: null, $or: [{ holder: null }, { leasedUntil: { $lte: now() } }] }
  return ledgerOf(db).findOneAndUpdate(isFree, { $set: { holder, ...leaseFrom(options) } }, { returnDocument: 'after' })
}

/** Whether this process came to the end: false where another one has taken the migration over. */
async function runPages(entry: LedgerDocument, held: Held, options: MigrateOptions): Promise<boolean> {
  const { migration, holder, ofAbout } = held
  let current = entry
  try {
    while (current.endedAt === null) {
      const moved = await runPage(current, held, options)
      if (moved === null) return false
      current = moved
      const { read, changed, endedAt } = current
      options.onProgress({ migration, read, changed, ofAbout, isEnded: endedAt !== null })
    }
    return true
  } catch (error) {
    // The next process need not wait for the lease to expire.
    await ledgerOf(options.db).updateOne({ _id: migration.id, holder }, { $set: { holder: null } })
    throw error
  }
}

/** Does a page and moves the ledger behind it; nothing, and null, where another process has taken the migration over. */
function runPage({ position }: LedgerDocument, { migration, holder }: Held, options: MigrateOptions) {
  const { mongo, db } = options
  return inTransaction(mongo, async (session) => {
    const page = await migration.run({ db, session, position })
    const update = { $set: afterPage(page, options), $inc: { read: page.read, changed: page.changed } }
    const isOurs = { _id: migration.id, holder }
    const moved = await ledgerOf(db).findOneAndUpdate(isOurs, update, { session, returnDocument: 'after' })
    if (moved === null) await session.abortTransaction()
    return moved
  })
}

function afterPage({ next }: Page, options: MigrateOptions) {
  return { position: next, ...leaseFrom(options), ...(next === null && { endedAt: options.now(), holder: null }) }
}

function leaseFrom({ now }: MigrateOptions) {
  const updatedAt = now()
  return { updatedAt, leasedUntil: new Date(updatedAt.getTime() + LEASE_MS) }
}
