import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { admit } from '../access/admit.ts'
import type { Access } from '../access/open-access.ts'
import { createPersistedDocuments, readTrustedDocuments } from './documents/persisted-documents.ts'
import { createDocumentMemory, startWarming, type WarmDocuments } from './documents/warm-documents.ts'
import type { Graph } from './graph.ts'
import { createOperations, type Operations, type OperationsOptions } from './run-operation.ts'

type OpenOperationsOptions = Pick<Access, 'limiter' | 'noteRefusal'> &
  Readonly<{
    config: Required<Pick<OperationsOptions, 'introspection' | 'presets'>> &
      Readonly<{
        auth: boolean
        trusted: Readonly<{ manifest: string | null; only: boolean }>
        /** The addresses of Redress's own subgraphs. */
        subgraphs: Readonly<Record<string, unknown>>
        showForeignMessages: boolean
      }>
    counted: Readonly<{
      costObserved: NonNullable<OperationsOptions['onCost']>
      documentCache: NonNullable<OperationsOptions['onLookup']>
    }>
    graph: Graph
    cache: Redis | null
    logger: Logger
  }>

export type OpenOperations = Readonly<{ operations: Operations; warming: WarmDocuments }>

/** Operations on the graph, with the plans of known documents on their way. */
export function openOperations(options: OpenOperationsOptions): OpenOperations {
  const { config, counted, graph, cache, logger, limiter, noteRefusal } = options
  const { auth, introspection, presets, subgraphs, showForeignMessages } = config
  const trusted = config.trusted.manifest === null ? new Map() : readTrustedDocuments(config.trusted.manifest)
  const isOwn = (service: string) => Object.hasOwn(subgraphs, service) && subgraphs[service] !== undefined
  const operations = createOperations({
    graph,
    introspection,
    showsMessagesOf: (service) => showForeignMessages && !isOwn(service),
    // Without authentication all callers would share one limit.
    ...(auth && { admit: (caller, group) => admit(limiter, caller, group) }),
    onDenied: ({ caller, clientIp }, permission) =>
      noteRefusal({ reason: 'FORBIDDEN', callerId: caller.principal.id, clientIp, permission }),
    presets,
    onCost: counted.costObserved,
    persisted: createPersistedDocuments({ trusted, trustedOnly: config.trusted.only }),
    onLookup: counted.documentCache,
    logger,
  })
  const warming = startWarming({
    documents: operations.documents,
    trusted: trusted.values(),
    memory: cache && createDocumentMemory(cache),
    onError: (err) => logger.warn({ err }, 'documents of the last run are not known'),
  })
  return { operations, warming }
}
