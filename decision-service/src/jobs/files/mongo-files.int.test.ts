import { collectionsOf, openCollections } from '@redress/shared/stores/collections.ts'
import { dyingCollections } from '@redress/shared/testing/dying-collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { FILE_DAYS, type StoredFile } from './files.ts'
import { createMongoFiles, FILE_CHUNKS, FILES } from './mongo-files.ts'

const { mongo, db } = await openTestDatabase()
const collections = await openCollections(db, { files: FILES, fileChunks: FILE_CHUNKS })
const { files: documents, fileChunks: chunks } = collections
const at = new Date('2030-01-01T00:00:00Z')
const files = createMongoFiles({ mongo, collections, now: () => at })
beforeEach(async () => {
  await documents.deleteMany({})
  await chunks.deleteMany({})
})

const FILE = { id: 'job_1', name: 'a.csv', contentType: 'text/csv' }
const going = new AbortController().signal
async function* pieces(text: string, count: number) {
  for (let at = 0; at < count; at++) yield Buffer.from(text)
}
const contentOf = async (id = FILE.id) => {
  const file = await files.find(id)
  return file && readAll(file)
}
async function readAll(file: StoredFile): Promise<string> {
  const read: Uint8Array[] = []
  for await (const chunk of files.read(file)) read.push(chunk)
  return Buffer.concat(read).toString()
}
/** Days until each chunk is deleted. */
const chunkDays = async () =>
  (await chunks.find({}).sort({ expiresAt: 1 }).toArray()).map(({ expiresAt }) =>
    Math.floor((+expiresAt - +at) / DAY_MS),
  )

describe('the file of a job', () => {
  it.for([0, 1, 5, 6, 11])('is read as it was stored, in %i pieces of 100 KB', async (count) => {
    const stored = await files.store(FILE, pieces('x'.repeat(100_000), count), going)

    expect(await files.find(FILE.id)).toEqual(stored)
    expect(stored).toMatchObject({ ...FILE, bytes: 100_000 * count, chunks: Math.ceil((100_000 * count) / 262_144) })
    expect(await contentOf()).toBe('x'.repeat(100_000 * count))
  })

  it('is deleted with its chunks after its time, and is not given after it', async () => {
    await files.store(FILE, pieces('x', 1), going)
    const later = createMongoFiles({ mongo, collections, now: () => new Date(+at + FILE_DAYS * DAY_MS) })

    expect(await later.find(FILE.id)).toBeNull()
    expect(await documents.findOne({})).toMatchObject({ expiresAt: new Date(+at + FILE_DAYS * DAY_MS) })
    expect(await chunkDays()).toEqual([FILE_DAYS])
    const retained = (await Promise.all([documents.indexes(), chunks.indexes()])).flat()
    expect(retained.filter(({ expireAfterSeconds }) => expireAfterSeconds === 0)).toHaveLength(2)
  })

  it('replaces that of an earlier attempt, which can still be read to its end', async () => {
    const first = await files.store(FILE, pieces('old', 1), going)
    await files.store(FILE, pieces('new', 1), going)

    expect(await contentOf()).toBe('new')
    expect(await documents.countDocuments()).toBe(1)
    expect(await chunkDays()).toEqual([0, FILE_DAYS])
    expect(await readAll(first)).toBe('old')
  })

  it('is whole although a second attempt runs at the same time', async () => {
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000))
    await Promise.all(texts.map((text) => files.store(FILE, pieces(text, 2), going)))

    expect(texts.map((text) => text.repeat(2))).toContain(await contentOf())
    expect(await documents.countDocuments()).toBe(1)
  })

  it('is not stored where it would be too large, the content fails, or the job is stopped', async () => {
    const small = createMongoFiles({ mongo, collections, now: () => at, bytesMax: 10 })
    const failing = async function* () {
      yield Buffer.from('x')
      throw new Error('no more')
    }

    await expect(small.store(FILE, pieces('x', 11), going)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
    await expect(files.store(FILE, failing(), going)).rejects.toThrow('no more')
    await expect(files.store(FILE, pieces('x'.repeat(300_000), 3), AbortSignal.abort('stop'))).rejects.toBe('stop')
    expect(await files.find(FILE.id)).toBeNull()
  })

  it('is neither lost nor doubled by a crash at any of its writes, and what is left over is deleted within a day', async () => {
    await files.store(FILE, pieces('old', 1), going)
    for (let step = 1; ; step++) {
      const crashed = await crashAt(step)
      expect(await contentOf()).toBe(crashed ? 'old' : 'y'.repeat(600_000))
      if (!crashed) break
      expect(step).toBeLessThan(20)
    }

    await files.store(FILE, pieces('new', 1), going)

    expect(await contentOf()).toBe('new')
    expect(await documents.countDocuments()).toBe(1)
    const days = await chunkDays()
    expect([days.filter((left) => left <= 1).length, days.filter((left) => left > 1)]).toEqual([days.length - 1, [30]])
  })
})

/** Stores a file of three chunks, and ends before the given write. @returns false where there are fewer writes. */
async function crashAt(step: number): Promise<boolean> {
  const own = collectionsOf(db, { files: FILES, fileChunks: FILE_CHUNKS })
  const dying = createMongoFiles({ mongo, now: () => at, collections: dyingCollections(own, step) })
  try {
    await dying.store(FILE, pieces('y'.repeat(100_000), 6), going)
    return false
  } catch {
    return true
  }
}
