import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway'
import type { SignInternalToken } from '@redress/shared/internal-token.ts'
import type { Logger } from '@redress/shared/logger.ts'
import { GraphQLError } from 'graphql'
import { startDeadline } from './deadline.ts'
import type { OperationContext } from './operation-context.ts'
import type { Subgraph } from './subgraphs.ts'

export type CallOptions = Readonly<{ timeoutMs: number; signToken: SignInternalToken; logger: Logger }>

type Options = GraphQLDataSourceProcessOptions
type Answer = Awaited<ReturnType<GraphQLDataSource['process']>>

/**
 * Sends the gateway's part of an operation to one subgraph, with the signed word about who asks. Whatever keeps the
 * subgraph from answering becomes one error, SUBGRAPH_UNAVAILABLE with its name; the rest of the operation goes on.
 */
export function createSubgraphSource(subgraph: Subgraph, options: CallOptions): GraphQLDataSource {
  const { name } = subgraph
  return {
    async process({ request, context }: Options) {
      const operation = context as OperationContext
      const { query, variables, operationName } = request
      try {
        return await call(subgraph, JSON.stringify({ query, variables, operationName }), operation, options)
      } catch (err) {
        const { requestId, signal } = operation
        if (!signal.aborted) options.logger.warn({ err, subgraph: name, requestId }, 'subgraph did not answer')
        throw new GraphQLError(`The service ${name} is not available.`, {
          extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: name },
        })
      }
    },
  }
}

async function call(
  { pool, graphqlPath }: Subgraph,
  body: string,
  context: OperationContext,
  { timeoutMs, signToken }: CallOptions,
): Promise<Answer> {
  using deadline = startDeadline(context.signal, timeoutMs)
  const response = await pool.request({
    method: 'POST',
    path: graphqlPath,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${await signToken(context.principal)}`,
      'x-request-id': context.requestId,
      'x-client-ip': context.clientIp,
      ...(context.traceparent !== null && { traceparent: context.traceparent }),
    },
    body,
    signal: deadline.signal,
  })
  return readAnswer(response.statusCode, await response.body.text())
}

/**
 * A subgraph answers 400 in GraphQL's own form when a value has the right type for the gateway but not for the
 * subgraph, which alone knows its scalars: that is the caller's mistake, and an answer.
 */
function readAnswer(status: number, text: string): Answer {
  if (status !== 200 && status !== 400) throw new Error(`Answered with status ${status}.`)
  const answer: unknown = JSON.parse(text)
  if (!isAnswer(answer)) throw new Error('Answered with something that is not GraphQL.')
  return answer
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false
  const { data, errors } = value as { data?: unknown; errors?: unknown }
  const hasErrors = Array.isArray(errors) && errors.length > 0 && errors.every(isError)
  return errors === undefined ? isRecord(data) : hasErrors && (data == null || isRecord(data))
}

const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isError = (value: unknown) => isRecord(value) && typeof (value as { message?: unknown }).message === 'string'
