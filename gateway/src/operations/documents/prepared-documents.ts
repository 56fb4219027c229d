import type { Principal } from '@redress/shared/access/permissions.ts'
import { ROLES } from '@redress/shared/access/permissions.ts'
import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { type DocumentNode, Kind, parse } from 'graphql'
import type { Graph } from '../graph.ts'
import type { OperationRequest } from '../operation-request.ts'
import { createDocumentCache } from './document-cache.ts'
import type { PersistedDocuments } from './persisted-documents.ts'
import { type PreparedDocument, prepareDocument } from './prepare-document.ts'

export type PreparedDocuments = Readonly<{
  /** @throws RefusedOperationError, or an error of a limit, if the document cannot be answered. */
  prepare: (request: OperationRequest) => PreparedDocument
  /** Prepares and plans each operation of a document for each role. Never rejects: a document may not fit this graph. */
  warmUp: (text: string) => Promise<void>
  /** The documents that were used more than once, the last used first. */
  texts: () => readonly string[]
  replaceGraph: (graph: Graph) => void
}>

export type PreparedDocumentsOptions = Readonly<{
  graph: Graph
  persisted: PersistedDocuments
  hideSuggestions: boolean
  onLookup?: (result: 'hit' | 'miss' | 'evicted') => void
}>

/** Prepares documents against the current graph, each once as long as it is cached. */
export function createPreparedDocuments(options: PreparedDocumentsOptions): PreparedDocuments {
  const { persisted, hideSuggestions, onLookup } = options
  let graph = options.graph
  let cache = createDocumentCache(onLookup)

  const add = (text: string, operationName: string | null): PreparedDocument => {
    // Clients that name the only operation of a document share it with those that do not.
    const unnamed = operationName === null ? null : cache.peek(text, null)
    const prepared =
      unnamed?.name === operationName && unnamed !== null
        ? unnamed
        : prepareDocument(text, operationName, { graph, hideSuggestions })
    cache.add(text, operationName, prepared)
    return prepared
  }

  return {
    prepare(request) {
      const text = persisted.textOf(request)
      return cache.get(text, request.operationName) ?? add(text, request.operationName)
    },
    async warmUp(text) {
      try {
        for (const name of operationNamesOf(parse(text, { noLocation: true }))) {
          const prepared = cache.peek(text, name) ?? add(text, name)
          for (const principal of PRINCIPALS) await plan(prepared, principal)
        }
      } catch {
        // It is refused when it is sent.
      }
    },
    texts: () => cache.texts(),
    replaceGraph(next) {
      graph = next
      cache = createDocumentCache(onLookup)
    },
  }
}

/** One caller of each role, because a plan depends on what a caller may read. */
const PRINCIPALS: readonly Principal[] = ROLES.map((role) => ({
  ...{ id: 'warm-up', roles: [role], customerId: null },
  tenant: DEFAULT_TENANT,
}))

async function plan({ deniedAtRoot, runFor }: PreparedDocument, principal: Principal): Promise<void> {
  if (deniedAtRoot(principal).length === 0) await runFor(principal, {})
}

/** The names by which the operations of a document are asked for; null for the only one. */
function operationNamesOf({ definitions }: DocumentNode): readonly (string | null)[] {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
  return operations.length === 1 ? [null] : operations.map(({ name }) => name?.value ?? null)
}
