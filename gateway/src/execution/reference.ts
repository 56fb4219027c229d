import type { GraphQLDataSource } from '@apollo/gateway'
import type { QueryPlan } from '@apollo/query-planner'
import { type DocumentNode, GraphQLError, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql'
import { codedError } from './coded-error.ts'
import type { RunOperation } from './operation.ts'
import type { OperationContext } from './operation-context.ts'
import type { LoadedSupergraph } from './planning/supergraph.ts'
import { failureOf } from './subgraphs/subgraph-failure.ts'
import type { FetchRequest, SubgraphSource } from './subgraphs/subgraph-source.ts'

export type ReferenceParts = Readonly<{
  supergraph: LoadedSupergraph
  document: DocumentNode
  operation: OperationDefinitionNode
  plan: QueryPlan
  sources: Readonly<Record<string, SubgraphSource>>
}>

type Failure = Pick<GraphQLError, 'message' | 'path' | 'extensions'>
type Result = { data?: unknown; errors?: readonly Failure[]; extensions?: Extensions }
type Extensions = { valueCompletion?: readonly Failure[] }

/**
 * Runs a plan by the executor of @apollo/gateway: the reference that ours is compared with, and the fallback for a plan
 * with a step that ours does not know. Loaded when first needed.
 */
export function createReference({ supergraph, document, operation, plan, sources }: ReferenceParts): RunOperation {
  return async ({ variables, context }) => {
    const { executeQueryPlan, buildOperationContext } = await import('@apollo/gateway')
    const named = operation.name ? { operationName: operation.name.value } : {}
    const services = Object.entries(sources).map(([name, source]) => [name, toDataSource(name, source, context)])
    const requestContext = { request: { variables, ...named }, document, context, metrics: {}, logger: SILENT }
    const { data, errors, extensions } = (await executeQueryPlan(
      plan,
      Object.fromEntries(services),
      requestContext as never,
      buildOperationContext({ schema: supergraph.schema, operationDocument: document, ...named }),
      supergraph.superSchema,
      supergraph.api,
    )) as Result
    const violations = (extensions?.valueCompletion ?? []).map((error) => ({
      ...toPlain(error),
      ...codedError('SUBGRAPH_INVALID_ANSWER', error.message),
    }))
    return {
      data: JSON.stringify(data ?? null),
      errors: [...(errors ?? []).map(toPlain), ...violations],
    }
  }
}

function toPlain({ message, path, extensions }: Failure): GraphQLFormattedError {
  return { message, ...(path && { path }), ...(extensions && { extensions }) }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

function toDataSource(service: string, source: SubgraphSource, context: OperationContext): GraphQLDataSource {
  return {
    async process({ request: { query = '', variables, operationName } }) {
      const asked = { service, query, operationName: operationName ?? null }
      const isRead = !query.startsWith('mutation')
      const bodyHead = headOf(asked)
      const bodyHeadBytes = Buffer.byteLength(bodyHead)
      const request: FetchRequest = { ...asked, isRead, bodyHead, bodyHeadBytes, losesDigits: () => true }
      try {
        const { data, errors } = await source(request, JSON.stringify(variables ?? {}), context)
        return { data, ...(errors.length > 0 && { errors }) } as never
      } catch {
        const { message, extensions } = failureOf('SUBGRAPH_UNAVAILABLE', service)
        throw new GraphQLError(message, { extensions })
      }
    },
  }
}

function headOf({ query, operationName }: { query: string; operationName: string | null }): string {
  return `${JSON.stringify({ query, ...(operationName !== null && { operationName }) }).slice(0, -1)},"variables":`
}
