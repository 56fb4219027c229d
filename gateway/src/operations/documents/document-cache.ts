import { LRUCache } from 'lru-cache'
import type { PreparedDocument } from './prepare-document.ts'

/**
 * Memory of a prepared document (syntax tree, plan and compiled answer) per byte of its text. Measured over the documents
 * of the playground, rounded up.
 */
const BYTES_PER_BYTE = 60
const BYTES_LEAST = 4_096
/** Together the memory for prepared documents: some thousand ordinary ones. */
const NEW_BYTES_MAX = 16 * 1024 * 1024
const PROVEN_BYTES_MAX = 64 * 1024 * 1024

export type DocumentCache = Readonly<{
  get: (text: string, operationName: string | null) => PreparedDocument | null
  /** The same without counting it as a use. */
  peek: (text: string, operationName: string | null) => PreparedDocument | null
  add: (text: string, operationName: string | null, prepared: PreparedDocument) => void
  /** The documents that were used more than once, the last used first. */
  texts: () => readonly string[]
}>

/**
 * An LRU cache of prepared documents with a bound in bytes. A document that is used a second time moves from the cache of
 * new documents to that of proven ones, so that a flood of new documents evicts only new documents.
 */
export function createDocumentCache(onLookup: (result: 'hit' | 'miss' | 'evicted') => void = () => {}): DocumentCache {
  const create = (maxSize: number) =>
    new LRUCache<string, Cached>({
      maxSize,
      sizeCalculation: sizeOf,
      dispose: (_, __, reason) => reason === 'evict' && onLookup('evicted'),
    })
  const fresh = create(NEW_BYTES_MAX)
  const proven = create(PROVEN_BYTES_MAX)

  const find = (key: string): PreparedDocument | null => {
    const known = proven.get(key)
    if (known) return known.prepared
    const found = fresh.get(key)
    if (found === undefined) return null
    fresh.delete(key)
    proven.set(key, found)
    return found.prepared
  }

  return {
    get(text, operationName) {
      const found = find(keyOf(text, operationName))
      onLookup(found ? 'hit' : 'miss')
      return found
    },
    peek(text, operationName) {
      const key = keyOf(text, operationName)
      return (proven.peek(key) ?? fresh.peek(key))?.prepared ?? null
    },
    add(text, operationName, prepared) {
      fresh.set(keyOf(text, operationName), { text, prepared, bytes: BYTES_LEAST + text.length * BYTES_PER_BYTE })
    },
    texts: () => [...new Set([...proven.values()].map(({ text }) => text))],
  }
}

type Cached = Readonly<{ text: string; prepared: PreparedDocument; bytes: number }>

const sizeOf = ({ bytes }: Cached) => bytes

/**
 * Different for different named operations. A text that equals the key of a named one begins with a digit: it is not
 * GraphQL, and finding an operation for it does no harm.
 */
function keyOf(text: string, operationName: string | null): string {
  return operationName === null ? text : `${operationName.length}:${operationName}${text}`
}
