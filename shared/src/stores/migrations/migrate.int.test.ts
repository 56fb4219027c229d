import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { ConfigError } from '../../process/config-error.ts'
import { openTestDatabase } from '../../testing/stores.ts'
import { forgetMigrations, ledgerOf } from './ledger.ts'
import { migrate, type Progress, rehearse } from './migrate.ts'
import { type Migration, type PageContext, walkCollection } from './migration.ts'

const { mongo, db: base } = await openTestDatabase()
type Thing = { _id: number; count: number }

/** A database with seven things, and a migration that counts each once, by pages of three. */
async function openThings(onPage: (context: PageContext) => unknown = () => {}) {
  const db = mongo.db(`${base.databaseName}_${randomUUID().slice(0, 8)}`)
  const things = db.collection<Thing>('things')
  await things.insertMany(Array.from({ length: 7 }, (_, index) => ({ _id: index + 1, count: 0 })))
  const count = walkCollection<Thing>({
    ...{ id: 'count-things', description: 'Counts each thing.', collection: 'things', pageSize: 3 },
    async change(found, context) {
      await onPage(context)
      return found.map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $inc: { count: 1 } } } }))
    },
  })
  const progress: Omit<Progress, 'migration'>[] = []
  const start = (change: Partial<Parameters<typeof migrate>[0]> = {}) =>
    migrate({
      ...{ mongo, db, migrations: [count], now: () => new Date() },
      onProgress: ({ migration: _, ...rest }) => progress.push(rest),
      ...change,
    })
  return {
    ...{ db, count, progress, start },
    counts: async () => (await things.find().sort({ _id: 1 }).toArray()).map((thing) => thing.count),
    entry: () => ledgerOf(db).findOne({ _id: 'count-things' }),
    drop: () => db.dropDatabase(),
  }
}
const ONCE = Array(7).fill(1)

it('a migration runs by pages to its end, and not again', async () => {
  const things = await openThings()

  await things.start()
  await things.start()

  expect(await things.counts()).toEqual(ONCE)
  expect(things.progress).toEqual([
    { read: 3, changed: 3, ofAbout: 7, isEnded: false },
    { read: 6, changed: 6, ofAbout: 7, isEnded: false },
    { read: 7, changed: 7, ofAbout: 7, isEnded: true },
  ])
  expect(await things.entry()).toMatchObject({ position: null, read: 7, changed: 7, endedAt: expect.any(Date) })
  await things.drop()
})

it('migrations run in the order of their list', async () => {
  const things = await openThings()
  const ran: string[] = []
  const named = (id: string): Migration => ({
    ...{ id, description: '', count: async () => 0 },
    async run() {
      ran.push(id)
      return { read: 0, changed: 0, next: null }
    },
  })

  await things.start({ migrations: [named('b'), things.count, named('a')] })

  expect(ran).toEqual(['b', 'a'])
  await things.drop()
})

it('a migration that was interrupted goes on behind the last page, and changes nothing twice', async () => {
  let pages = 0
  const things = await openThings(() => {
    if (++pages === 2) throw new Error('killed')
  })

  await expect(things.start()).rejects.toThrow('killed')
  expect(await things.counts()).toEqual([1, 1, 1, 0, 0, 0, 0])
  await things.start()

  expect(await things.counts()).toEqual(ONCE)
  await things.drop()
})

it('of several processes that start at once, each document is changed by one, and all have seen the end', async () => {
  const things = await openThings()

  await Promise.all([things.start(), things.start(), things.start()])

  expect(await things.counts()).toEqual(ONCE)
  expect(await things.entry()).toMatchObject({ read: 7, endedAt: expect.any(Date) })
  await things.drop()
})

it('a page of a process that has lost its lease is not stored', async () => {
  let pages = 0
  const things = await openThings(async ({ db }) => {
    // Another process took the migration over, and was killed.
    const lost = { holder: 'another', leasedUntil: new Date(0) }
    if (++pages === 2) await ledgerOf(db).updateOne({ _id: 'count-things' }, { $set: lost })
  })

  await things.start()

  expect(await things.counts()).toEqual(ONCE)
  expect(things.progress.map(({ read }) => read)).toEqual([3, 6, 7])
  await things.drop()
})

it('a process waits for the lease of another one, until it has expired', async () => {
  const things = await openThings()
  let now = new Date('2030-01-01T00:00:00Z')
  await expect(things.start({ now: () => now, migrations: [failing(things.count)] })).rejects.toThrow('killed')
  const until = new Date('2030-01-01T00:00:10Z')
  await ledgerOf(things.db).updateOne({ _id: 'count-things' }, { $set: { holder: 'another', leasedUntil: until } })

  const waiting = things.start({
    now() {
      const at = now
      now = until // The next look is at the end of the lease.
      return at
    },
  })
  await waiting

  expect(await things.counts()).toEqual(ONCE)
  await things.drop()
})
const failing = (migration: Migration): Migration => ({ ...migration, run: () => Promise.reject(new Error('killed')) })

it('a process does not start on a database that a newer version has migrated, until the ledger forgets that', async () => {
  const things = await openThings()
  await things.start()

  const older = things.start({ migrations: [] })
  await expect(older).rejects.toThrow(ConfigError)
  await expect(older).rejects.toThrow('count-things')
  expect(await forgetMigrations(things.db, ['count-things', 'unknown'])).toBe(1)
  await things.start({ migrations: [] })
  await things.start()

  expect(await things.counts()).toEqual(Array(7).fill(2))
  await things.drop()
})

it('a rehearsal counts what would be changed, and stores nothing', async () => {
  const things = await openThings()

  await rehearse({
    ...{ mongo, db: things.db, migrations: [things.count] },
    onProgress: ({ migration: _, ...rest }) => things.progress.push(rest),
  })

  expect(things.progress.at(-1)).toEqual({ read: 7, changed: 7, ofAbout: 7, isEnded: true })
  expect(await things.counts()).toEqual(Array(7).fill(0))
  expect(await things.entry()).toBeNull()
  await things.drop()
})
