import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Document, MongoClient } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findDamage } from '../src/check-integrity.ts'
import { type Devdb, startDevdb } from '../src/server.ts'
import { openFile } from '../src/storage/file.ts'

type Doc = Document & { _id: string }

const large = 'x'.repeat(100_000)
const outOfSpace = { code: 14031, codeName: 'OutOfDiskSpace' }
const NO_LIMIT = 1_000_000

describe('a server whose disk is full', () => {
  let directory: string
  let file: DatabaseSync
  let devdb: Devdb
  let client: MongoClient

  const setLimit = (pages: number) => file.exec(`PRAGMA max_page_count = ${pages}`)
  const fillDisk = () => setLimit((file.prepare('PRAGMA page_count').get() as { page_count: number }).page_count)
  const freeDisk = () => setLimit(NO_LIMIT)
  const documents = (name = 'c') => client.db('disk').collection<Doc>(name)

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'devdb-'))
    const open = (path: string) => {
      file = openFile(path)
      return file
    }
    devdb = await startDevdb({ path: join(directory, 'db'), openFile: open, expireEveryMs: 5 })
    client = await MongoClient.connect(devdb.uri)
    await documents().createIndexes([{ key: { tags: 1 } }, { key: { at: 1 }, expireAfterSeconds: 1 }])
    await documents().insertOne({ _id: 'before', tags: 'a', at: new Date(0) })
  })
  afterEach(async () => {
    await client.close()
    await devdb.close()
    const damage = findDamage(join(directory, 'db'))
    await rm(directory, { recursive: true, force: true })
    expect(damage).toEqual([])
  })

  it('refuses writes by code, goes on reading, and writes again when there is room', async () => {
    await documents().insertOne({ _id: 'kept', tags: 'a' })
    fillDisk()

    await expect(documents().insertOne({ _id: 'large', large })).rejects.toMatchObject(outOfSpace)
    await expect(documents('new').insertOne({ _id: 'large', large })).rejects.toMatchObject(outOfSpace)
    await expect(documents().updateOne({ _id: 'kept' }, { $set: { large } })).rejects.toMatchObject(outOfSpace)
    await expect(documents().bulkWrite([{ insertOne: { document: { _id: 'l', large } } }])).rejects.toMatchObject(
      outOfSpace,
    )
    expect(await documents().findOne({ _id: 'kept' })).toEqual({ _id: 'kept', tags: 'a' })
    expect(await client.db('disk').listCollections({ name: 'new' }).toArray()).toEqual([])
    freeDisk()
    await documents('new').insertOne({ _id: 'large', large })
    await documents().updateOne({ _id: 'kept' }, { $set: { tags: ['b', 'c'] } })

    expect(await documents('new').countDocuments()).toBe(1)
    expect(await documents().findOne({ tags: 'c' })).toMatchObject({ _id: 'kept' })
  })

  it('acknowledges exactly the writes that it keeps, of those that share a commit', async () => {
    fillDisk()
    const ids = Array.from({ length: 30 }, (_, at) => String(at))

    const writes = await Promise.allSettled(
      ids.map((_id) => documents().insertOne({ _id, tags: [_id], ...(_id === '17' && { large }) })),
    )
    freeDisk()
    const stored = new Set((await documents().find().toArray()).map(({ _id }) => _id))

    expect(ids.filter((id) => stored.has(id))).toEqual(ids.filter((_, at) => writes[at]!.status === 'fulfilled'))
    expect(stored).not.toContain('17')
  })

  it('does not commit a transaction, and has those that were open begin again', async () => {
    let attempts = 0
    const both = client.withSession((session) =>
      session.withTransaction(async () => {
        attempts++
        await documents().insertOne({ _id: 'first', tags: 'a' }, { session })
        if (attempts === 1) {
          fillDisk()
          const other = client.withSession((own) =>
            own.withTransaction(() => documents().insertOne({ _id: 'large', large }, { session: own })),
          )
          await expect(other).rejects.toMatchObject(outOfSpace)
          freeDisk()
        }
        await documents().insertOne({ _id: 'second', tags: 'a' }, { session })
      }),
    )
    await both

    expect(attempts).toBe(2)
    const stored = await documents()
      .find({ tags: 'a', at: { $exists: false } })
      .toArray()
    expect(stored.map(({ _id }) => _id).sort()).toEqual(['first', 'second'])
    expect(await documents().findOne({ _id: 'large' })).toBeNull()
  })
})
