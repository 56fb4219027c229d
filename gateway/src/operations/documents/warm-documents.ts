import { setImmediate as nextTurn } from 'node:timers/promises'
import { within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { PreparedDocuments } from './prepared-documents.ts'

/** Remembers texts of documents from one run of the gateway to the next. */
export type DocumentMemory = Readonly<{
  read: () => Promise<readonly string[]>
  write: (texts: readonly string[]) => Promise<unknown>
}>

export type WarmDocumentsOptions = Readonly<{
  documents: Pick<PreparedDocuments, 'warmUp' | 'texts'>
  /** Documents that are known before any caller sends them. */
  trusted: Iterable<string>
  /** Null without a store. */
  memory: DocumentMemory | null
  onError: (error: unknown) => void
}>

export type WarmDocuments = Readonly<{
  /** Settles when all documents are planned, or when it was closed. */
  finished: Promise<void>
  close: () => Promise<void>
}>

/** Documents that are planned at the start, and remembered at the end. */
const DOCUMENTS_MAX = 100
const REMEMBERED_BYTES_MAX = 1024 * 1024
/** A gateway that ends without being closed has lost the documents of the last minutes. */
const REMEMBER_EVERY_MS = 5 * 60_000

/**
 * Plans trusted documents and those of the last run in the background, one at a time, so that the first callers after a
 * start need not wait for it and a planning thread stays free for them.
 */
export function startWarming({ documents, trusted, memory, onError }: WarmDocumentsOptions): WarmDocuments {
  let isClosed = false
  let ofLastRun: readonly string[] = []
  const warm = async (texts: Iterable<string>): Promise<void> => {
    for (const text of [...new Set(texts)].slice(0, DOCUMENTS_MAX)) {
      if (isClosed) return
      await documents.warmUp(text)
      await nextTurn()
    }
  }
  const remember = async (): Promise<void> => {
    const texts = toRemembered([...new Set([...documents.texts(), ...ofLastRun])])
    if (texts.length > 0) await memory?.write(texts)
  }
  const timer = setInterval(() => void remember().catch(onError), REMEMBER_EVERY_MS).unref()
  const warmAll = async () => {
    await warm(trusted)
    ofLastRun = (await memory?.read()) ?? []
    await warm(ofLastRun)
  }
  const finished = warmAll().catch(onError)
  return {
    finished,
    async close() {
      isClosed = true
      clearInterval(timer)
      await remember().catch(onError)
    },
  }
}

/** Without documents in which a value is written that may be somebody's data. */
function toRemembered(texts: readonly string[]): readonly string[] {
  let bytes = 0
  return texts
    .slice(0, DOCUMENTS_MAX)
    .filter((text) => !DATA.test(text))
    .filter((text) => {
      bytes += text.length
      return bytes <= REMEMBERED_BYTES_MAX
    })
}

/** A text, or a number longer than a page size or a year. */
const DATA = /"|\d{5}/

const KEY = 'gateway:documents'
const KEPT_SECONDS = 30 * 86_400
const REDIS_TIMEOUT_MS = 2_000

/** Shared by all gateways: the last to write has seen what callers use now. */
export function createDocumentMemory(redis: Redis): DocumentMemory {
  return {
    async read() {
      const found: unknown = JSON.parse((await within(REDIS_TIMEOUT_MS, redis.get(KEY))) ?? '[]')
      return Array.isArray(found) ? found.filter((text) => typeof text === 'string') : []
    },
    write: (texts) =>
      within(
        REDIS_TIMEOUT_MS,
        redis.set(KEY, JSON.stringify(texts), { expiration: { type: 'EX', value: KEPT_SECONDS } }),
      ),
  }
}
