import { expect, it } from 'vitest'
import { openTestDatabase } from '../testing/stores.ts'
import { defineCollection, openCollections } from './collections.ts'

const { db } = await openTestDatabase()
const NEW = [{ key: { a: 1, b: 1 }, name: 'new', unique: true }] as const

it('an index of an earlier version is dropped, once, and where there is none nothing happens', async () => {
  await openCollections(db, { things: defineCollection({ name: 'things', indexes: [{ key: { a: 1 }, name: 'old' }] }) })
  const definitions = { things: defineCollection({ name: 'things', indexes: [...NEW], formerIndexes: ['old'] }) }

  for (let start = 0; start < 2; start++) await openCollections(db, definitions)
  await openCollections(db, { none: defineCollection({ name: 'none', formerIndexes: ['old'] }) })

  expect((await db.collection('things').indexes()).map(({ name }) => name)).toEqual(['_id_', 'new'])
})
