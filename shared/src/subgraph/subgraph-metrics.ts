import type { ApolloServerPlugin } from '@apollo/server'
import type { Registry } from 'prom-client'
import type { ErrorCode } from '../error-codes.ts'
import { createCounters, createHistograms, perName } from '../telemetry/tallies.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** The facts of a request that are counted when it ends. */
export type Observed = {
  operationType: 'query' | 'mutation' | 'subscription' | 'unknown'
  /** The code of its first error, or OK. */
  code: ErrorCode | 'OK'
}
export type RequestFinished = (observed: Observed, durationMs: number) => void

/** Counts the requests to a subgraph by type and code. Codes are bounded: they are ours. */
export function countRequests(registry: Registry): RequestFinished {
  const requests = createCounters(registry, {
    name: 'graphql_requests_total',
    help: 'Requests of the gateway by the code of their first error, or OK',
    labels: ['operation_type', 'code'],
  })
  const requestsOf = perName((operationType) => perName((code) => requests(operationType, code)))
  const durationOf = perName(
    createHistograms(registry, {
      name: 'graphql_request_duration_seconds',
      help: 'Time that requests of the gateway took',
      labels: ['operation_type'],
      buckets: SECONDS,
    }),
  )
  return ({ operationType, code }, durationMs) => {
    requestsOf(operationType)(code).add()
    durationOf(operationType).observe(durationMs / 1_000)
  }
}

/** Records the type and the outcome of each operation in its context. */
export function observeOperations(): ApolloServerPlugin<Readonly<{ observed: Observed }>> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ contextValue: { observed }, operation, response: { body } }) => {
        const [error] = body.kind === 'single' ? (body.singleResult.errors ?? []) : []
        observed.operationType = operation?.operation ?? 'unknown'
        // Formatted by `toPublicError`.
        if (error) observed.code = error.extensions?.code as ErrorCode
      },
    }),
  }
}
