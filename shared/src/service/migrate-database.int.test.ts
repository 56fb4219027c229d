import { expect, inject, it } from 'vitest'
import { defineCollection } from '../stores/collections.ts'
import { walkCollection } from '../stores/migrations/migration.ts'
import { openTestDatabase } from '../testing/stores.ts'
import { migrateDatabase } from './migrate-database.ts'

const { db } = await openTestDatabase()
type Thing = { _id: number; isOld?: true }
const definitions = { things: defineCollection<Thing>({ name: 'things' }) }
const migrations = [
  walkCollection<Thing>({
    ...{ id: 'renew-things', description: 'Makes things new.', collection: 'things', pageSize: 2 },
    change: (things) =>
      things
        .filter(({ isOld }) => isOld)
        .map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $unset: { isOld: 1 } } } })),
  }),
]

async function command(...options: readonly string[]) {
  const lines: string[] = []
  const print = (line: string) => lines.push(line)
  const place = { uri: inject('mongoUri'), database: db.databaseName, service: 'things', options, print }
  await migrateDatabase(place, { definitions, migrations })
  return lines
}

it('npm run migrate shows what waits, rehearses it, does it, and takes it out of the ledger', async () => {
  await db.collection<Thing>('things').insertMany([{ _id: 1, isOld: true }, { _id: 2 }, { _id: 3, isOld: true }])
  const ended = /^things {2}ended {2}renew-things: 3 read, 2 changed, at 20/

  expect(await command('--status')).toEqual(['things  waits  renew-things: Makes things new.'])
  expect(await command('--dry-run')).toEqual([
    'things  renew-things: 2 of about 3 read, 1 to change',
    'things  renew-things: 3 read, 2 to change',
  ])
  expect((await command()).at(-1)).toBe('things  renew-things: 3 read, 2 changed')
  expect(await command('--status')).toEqual([expect.stringMatching(ended)])
  expect(await command()).toEqual(['things  nothing to migrate'])
  expect(await command('--forget=renew-things')).toEqual(['things  1 taken out of the ledger'])
  expect(await command()).toContain('things  renew-things: 3 read, 0 changed')
})
