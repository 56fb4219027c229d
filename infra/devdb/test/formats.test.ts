import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BSON } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findDamage } from '../src/check-integrity.ts'
import { createContext, openDatabase } from '../src/database.ts'
import { find } from '../src/queries/query.ts'
import { FileInUseError, NewerFormatError, openFile, readState } from '../src/storage/file.ts'
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

  it('with a write-ahead log, as older versions left it, has all that the log has', () => {
    const file = new DatabaseSync(path)
    file.exec("PRAGMA journal_mode = WAL; UPDATE state SET value = 7 WHERE name = 'sequence'")
    const crashed = join(directory, 'crashed')
    for (const end of ['', '-wal']) cpSync(`${path}${end}`, `${crashed}${end}`)
    file.close()

    const opened = openFile(crashed)
    const { sequence } = readState(opened)
    opened.close()

    expect(sequence).toBe(7)
    expect(existsSync(`${crashed}-wal`)).toBe(false)
    expect(findDamage(crashed)).toEqual([])
  })

  it('is kept from other processes while it is open, also before anything is written', () => {
    const opened = openFile(path)
    const other = new DatabaseSync(path)

    expect(() => other.prepare('SELECT * FROM state').all()).toThrow('locked')
    expect(() => openFile(path)).toThrow(FileInUseError)

    other.close()
    opened.close()
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
