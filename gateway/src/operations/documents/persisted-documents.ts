import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AppError } from '@redress/shared/errors.ts'
import { type } from 'arktype'
import { LRUCache } from 'lru-cache'
import type { OperationRequest } from '../operation-request.ts'
import { BadRequestError } from '../refusal.ts'

/** Documents by the SHA-256 of their text, or by their id in the manifest. */
export type TrustedDocuments = ReadonlyMap<string, string>

export type PersistedDocuments = Readonly<{
  /**
   * The document of a request, given as text or by its hash.
   * @throws BadRequestError, PersistedQueryNotFoundError, PersistedQueryOnlyError
   */
  textOf: (request: OperationRequest) => string
}>

export type PersistedOptions = Readonly<{
  trusted: TrustedDocuments
  /** Whether only trusted documents are run. */
  trustedOnly: boolean
}>

/** Size of the documents that clients registered by sending text and hash; the least recently used are dropped. */
const REGISTERED_BYTES_MAX = 16 * 1024 * 1024

/** The client must send the text once, with the hash. Clients recognise this very message. */
export class PersistedQueryNotFoundError extends AppError {
  override readonly name = 'PersistedQueryNotFoundError'
  readonly code = 'PERSISTED_QUERY_NOT_FOUND'
  readonly kind = 'missing'

  constructor() {
    super('PersistedQueryNotFound')
  }
}

/** The document is not in the manifest, and this gateway runs trusted documents only. */
export class PersistedQueryOnlyError extends AppError {
  override readonly name = 'PersistedQueryOnlyError'
  readonly code = 'PERSISTED_QUERY_ONLY'
  readonly kind = 'refused'

  constructor() {
    super('Only trusted documents are run here: this one is not in the manifest.')
  }
}

/** Documents that clients send by hash: trusted ones, and automatic ones, which were sent before as text. */
export function createPersistedDocuments({ trusted, trustedOnly }: PersistedOptions): PersistedDocuments {
  const registered = new LRUCache<string, string>({
    maxSize: REGISTERED_BYTES_MAX,
    sizeCalculation: (text) => text.length + 64,
  })

  const byHash = (name: string): string => {
    const text = trusted.get(name) ?? (trustedOnly ? undefined : registered.get(name))
    if (text === undefined) throw trustedOnly ? new PersistedQueryOnlyError() : new PersistedQueryNotFoundError()
    return text
  }

  return {
    textOf({ query, extensions }) {
      const name = hashIn(extensions)
      if (query === null || query === '') {
        if (name === null) throw new BadRequestError('There is no `query`.')
        return byHash(name)
      }
      if (trustedOnly) {
        if (!trusted.has(sha256(query))) throw new PersistedQueryOnlyError()
      } else if (name !== null) {
        if (sha256(query) !== name) throw new BadRequestError('The hash is not that of the query.')
        registered.set(name, query)
      }
      return query
    },
  }
}

/** @throws BadRequestError */
function hashIn({ persistedQuery }: OperationRequest['extensions']): string | null {
  if (persistedQuery === undefined || persistedQuery === null) return null
  const { version, sha256Hash } = persistedQuery as { version?: unknown; sha256Hash?: unknown }
  if (version !== 1 || typeof sha256Hash !== 'string')
    throw new BadRequestError('`persistedQuery` is not of version 1.')
  return sha256Hash
}

const sha256 = (text: string) => hash('sha256', text)

const Manifest = type({
  format: "'apollo-persisted-query-manifest'",
  version: '1',
  operations: type({ id: 'string > 0', body: 'string > 0' }).array(),
})
const Plain = type({ '[string]': 'string' })

/**
 * Reads a manifest: Apollo's format, or an object of texts by hash or id.
 * @throws if the file is not a manifest.
 */
export function readTrustedDocuments(path: string): TrustedDocuments {
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const manifest = Manifest(content)
  const entries =
    manifest instanceof type.errors
      ? Object.entries(Plain.assert(content))
      : manifest.operations.map(({ id, body }) => [id, body] as const)
  return new Map(entries.flatMap(([id, text]) => [[id, text] as const, [sha256(text), text] as const]))
}

export function isTrustedDocumentsFile(path: string): boolean {
  try {
    readTrustedDocuments(path)
    return true
  } catch {
    return false
  }
}
