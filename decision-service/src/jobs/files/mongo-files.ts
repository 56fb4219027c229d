import { randomUUID } from 'node:crypto'
import { defineCollection } from '@redress/shared/stores/collections.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { type Clock, DAY_MS, MINUTE_MS } from '@redress/shared/time.ts'
import { Binary, type Collection, type MongoClient } from 'mongodb'
import { FileTooLargeError } from './errors.ts'
import { FILE_DAYS, type Files, type StoredFile } from './files.ts'

type FileDocument = Omit<StoredFile, 'id'> & { _id: string; createdAt: Date }
type ChunkDocument = { _id: string; data: Binary; expiresAt: Date }

export const FILES = defineCollection<FileDocument>({
  name: 'files',
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})
/** Read by their ids, which begin with that of the content. */
export const FILE_CHUNKS = defineCollection<ChunkDocument>({
  name: 'file_chunks',
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

export type FileCollections = Readonly<{ files: Collection<FileDocument>; fileChunks: Collection<ChunkDocument> }>

const FILE_BYTES_MAX = 64 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024
/** Longer than any attempt takes. Chunks of one that crashed are deleted after it. */
const UNFINISHED_MS = DAY_MS
/** Longer than any download takes. Content that was replaced may still be read. */
const REPLACED_MS = 60 * MINUTE_MS

type Dependencies = Readonly<{ mongo: MongoClient; collections: FileCollections; now: Clock; bytesMax?: number }>

/**
 * Files in MongoDB: chunks, and a document that names the content and is written last. Not GridFS, whose chunks cannot
 * expire: after a crash they would stay until a program of ours found them. Here every document says when it is deleted.
 */
export function createMongoFiles(dependencies: Dependencies): Files {
  const { collections, now } = dependencies
  return {
    async store(file, content, signal) {
      const written = await writeChunks(content, signal, dependencies)
      const stored = { ...file, ...written, expiresAt: new Date(now().getTime() + FILE_DAYS * DAY_MS) }
      await publish(stored, dependencies)
      return stored
    },
    async find(id) {
      const found = await collections.files.findOne({ _id: id, expiresAt: { $gt: now() } })
      if (found === null) return null
      const { _id, createdAt: _, ...rest } = found
      return { id: _id, ...rest }
    },
    async *read({ id, content, chunks }) {
      for (let number = 0; number < chunks; number++) {
        const chunk = await collections.fileChunks.findOne({ _id: chunkId(content, number) })
        if (chunk === null) throw new Error(`The content of the file ${id} is not there any more.`)
        yield chunk.data.buffer
      }
    },
  }
}

type Written = Pick<StoredFile, 'content' | 'bytes' | 'chunks'>

async function writeChunks(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  { collections, now, bytesMax = FILE_BYTES_MAX }: Dependencies,
): Promise<Written> {
  // Of this attempt alone: one that was thought dead and still writes, writes elsewhere.
  const content = randomUUID()
  let bytes = 0
  let chunks = 0
  for await (const data of inChunks(source)) {
    signal.throwIfAborted()
    bytes += data.length
    if (bytes > bytesMax) throw new FileTooLargeError(`${bytesMax} bytes`)
    const expiresAt = new Date(now().getTime() + UNFINISHED_MS)
    await collections.fileChunks.insertOne({ _id: chunkId(content, chunks++), data: new Binary(data), expiresAt })
  }
  return { content, bytes, chunks }
}

/** Makes stored content the file of its job, in one transaction: a crash leaves the file before it, or this one. */
async function publish({ id, ...file }: StoredFile, { mongo, collections, now }: Dependencies): Promise<void> {
  const { files, fileChunks } = collections
  const createdAt = now()
  await inTransaction(mongo, async (session) => {
    const expire = (content: string, expiresAt: Date) =>
      fileChunks.updateMany({ _id: idsOf(content) }, { $set: { expiresAt } }, { session })
    const replaced = await files.findOne({ _id: id }, { session })
    await files.replaceOne({ _id: id }, { ...file, createdAt }, { session, upsert: true })
    await expire(file.content, new Date(file.expiresAt.getTime() + REPLACED_MS))
    if (replaced !== null) await expire(replaced.content, new Date(createdAt.getTime() + REPLACED_MS))
  })
}

const chunkId = (content: string, number: number) => `${content}/${String(number).padStart(6, '0')}`
/** `0` is the character after `/`. */
const idsOf = (content: string) => ({ $gte: `${content}/`, $lt: `${content}0` })

/** The same bytes in pieces of one size; the last one may be smaller. */
async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let rest: Uint8Array[] = []
  let bytes = 0
  for await (const piece of source) {
    rest.push(piece)
    bytes += piece.length
    if (bytes < CHUNK_BYTES) continue
    const whole = Buffer.concat(rest)
    let from = 0
    for (; whole.length - from >= CHUNK_BYTES; from += CHUNK_BYTES) yield whole.subarray(from, from + CHUNK_BYTES)
    rest = [whole.subarray(from)]
    bytes = whole.length - from
  }
  if (bytes > 0) yield Buffer.concat(rest)
}
