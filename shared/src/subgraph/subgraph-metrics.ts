import type { ApolloServerPlugin } from '@apollo/server'
import type { Registry } from 'prom-client'
import type { ErrorCode } from '../error-codes.ts'
import { createCounters, createHistograms, perName } from '../telemetry/tallies.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What is counted of a request when it has ended. */
export type Observed = {
  operationType: 'query' | 'mutation' | 'subscription' | 'unknown'
  /** The code of its first error, or OK. */
  code: ErrorCode | 'OK'
}
export type RequestFinished = (observed: Observed, durationMs: number) => void

/** Counts the requests to a subgraph: all of them come from the gateway, and the codes of their errors are ours. */
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

/** Notes in the context of each request what ran, and how it went. */
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
