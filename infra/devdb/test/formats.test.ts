import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BSON } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findDamage } from '../src/check-integrity.ts'
import { createContext, openDatabase } from '../src/database.ts'
import { find } from '../src/queries/query.ts'
import { NewerFormatError } from '../src/storage/file.ts'
import { encode } from '../src/values/bson.ts'

describe('a file', () => {
  let directory: string
  let path: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devdb-'))
    path = join(directory, 'db')
    const database = openDatabase(path, { refuseScans: false })
    const context = createContext(database, 'formats', null)
    const collection = context.getOrCreate('c')
    database.catalog.createIndexes(collection, [
      { key: { 'a.x': 1 }, name: 'x' },
      { key: { b: -1 }, name: 'b', unique: true },
    ])
    for (const n of [1, 2, 3]) context.writer.insert(collection, encode({ _id: n, a: [n, { x: n }], b: `${n}` }))
    database.commit()
    database.close()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const run = (sql: string) => {
    const file = new DatabaseSync(path)
    file.exec(sql)
    file.close()
  }

  it('of an older format has its indexes built again', () => {
    run("DROP TABLE state; UPDATE entries SET key = x'00' || key")
    const whenOld = findEntries(path)

    openDatabase(path, { refuseScans: false }).close()

    expect(whenOld).not.toEqual(findEntries(path))
    expect(findDamage(path)).toEqual([])
  })

  it('of the format before has entries with copies of ids, which are used as they are', async () => {
    run("UPDATE entries SET id = substr(key, id) WHERE typeof(id) <> 'blob'")
    run("UPDATE state SET value = 1 WHERE name = 'format'")
    const whenOld = findEntries(path)

    const database = openDatabase(path, { refuseScans: false })
    const context = createContext(database, 'formats', null)
    context.writer.insert(context.getOrCreate('c'), encode({ _id: 4, a: [{ x: 2 }], b: '4' }))
    const filter = { 'a.x': new BSON.Int32(2) }
    const found = await find(context.view, context.find('c'), { filter, sort: [], skip: 0, limit: 0 })
    database.close()

    expect(found.map(({ fields }) => Number(fields._id))).toEqual([2, 4])
    expect(findEntries(path)).toEqual(expect.arrayContaining(whenOld))
    expect(findDamage(path)).toEqual([])
    expect(findFormat(path)).toBe(2)
  })

  it('of a later format is refused, and left as it is', () => {
    run("UPDATE state SET value = 99 WHERE name = 'format'")

    expect(() => openDatabase(path, { refuseScans: false })).toThrow(NewerFormatError)

    run("UPDATE state SET value = 2 WHERE name = 'format'")
    expect(findDamage(path)).toEqual([])
  })
})

function findEntries(path: string): unknown[] {
  const file = new DatabaseSync(path)
  const entries = file.prepare('SELECT hex(key) AS key, hex(id) AS id FROM entries').all()
  file.close()
  return entries
}

function findFormat(path: string): unknown {
  const file = new DatabaseSync(path)
  const row = file.prepare("SELECT value FROM state WHERE name = 'format'").get()
  file.close()
  return row?.value
}
