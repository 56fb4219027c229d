import { LRUCache } from 'lru-cache'
import type { PreparedDocument } from './prepare-document.ts'

/**
 * What a prepared document takes in memory, for each byte of its text: its syntax tree, its plan and its compiled
 * answer. Measured over the documents of the playground, rounded up.
 */
const BYTES_PER_BYTE = 60
const BYTES_LEAST = 4_096
/** Together they are what a gateway may keep: some thousand ordinary documents. */
const TRIED_BYTES_MAX = 16 * 1024 * 1024
const PROVEN_BYTES_MAX = 64 * 1024 * 1024

export type DocumentCache = Readonly<{
  get: (text: string, operationName: string | null) => PreparedDocument | null
  add: (text: string, operationName: string | null, prepared: PreparedDocument) => void
}>

/**
 * Keeps prepared documents, the latest used longest, within a bound of bytes. A document is first on trial; asked for
 * again, it moves to where those on trial cannot push it out. So a flood of ever new documents costs the flood only.
 */
export function createDocumentCache(onLookup: (result: 'hit' | 'miss' | 'evicted') => void = () => {}): DocumentCache {
  const create = (maxSize: number) =>
    new LRUCache<string, Cached>({
      maxSize,
      sizeCalculation: sizeOf,
      dispose: (_, __, reason) => reason === 'evict' && onLookup('evicted'),
    })
  const tried = create(TRIED_BYTES_MAX)
  const proven = create(PROVEN_BYTES_MAX)

  const find = (key: string): PreparedDocument | null => {
    const known = proven.get(key)
    if (known) return known.prepared
    const onTrial = tried.get(key)
    if (onTrial === undefined) return null
    tried.delete(key)
    proven.set(key, onTrial)
    return onTrial.prepared
  }

  return {
    get(text, operationName) {
      const found = find(keyOf(text, operationName))
      onLookup(found ? 'hit' : 'miss')
      return found
    },
    add(text, operationName, prepared) {
      tried.set(keyOf(text, operationName), { prepared, bytes: BYTES_LEAST + text.length * BYTES_PER_BYTE })
    },
  }
}

type Cached = Readonly<{ prepared: PreparedDocument; bytes: number }>

const sizeOf = ({ bytes }: Cached) => bytes

/** The name comes first: it has no space, and so no two pairs give the same key. */
function keyOf(text: string, operationName: string | null): string {
  return operationName === null ? text : `${operationName} ${text}`
}
