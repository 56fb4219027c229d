import { createCounters, createHistograms, type Histogram } from '@redress/shared/telemetry/tallies.ts'
import type { Registry } from 'prom-client'
import { createLabelLimit } from './label-limit.ts'

/** Operation names with series of their own. */
const OPERATIONS_MAX = 200
const NAME_LENGTH_MAX = 100
/** Codes with series of their own per operation; subgraphs choose some of them. */
const CODES_MAX = 30
const TYPES_MAX = 4
const ANONYMOUS = 'anonymous'
const UNKNOWN = 'unknown'
const OK = 'OK'

export type FinishedRequest = Readonly<{
  /** Null if it is anonymous, or the request was not an operation. */
  operationName: string | null
  /** Null if the request was not an operation. */
  operationType: 'query' | 'mutation' | 'subscription' | null
  /** The code of its first error, or null. */
  code: string | null
  durationMs: number
}>

/**
 * Counts and times requests by operation. Clients choose the names, so a name gets series of its own only when it first
 * succeeds, and while there are fewer than OPERATIONS_MAX.
 */
export function countRequests(registry: Registry, buckets: readonly number[]): (request: FinishedRequest) => void {
  const durations = createHistograms(registry, {
    name: 'graphql_request_duration_seconds',
    help: 'Time that requests took, from their arrival to the answer',
    labels: ['operation', 'type'],
    buckets,
  })
  const requests = createCounters(registry, {
    name: 'graphql_requests_total',
    help: 'Requests by the code of their first error, or OK',
    labels: ['operation', 'type', 'code'],
  })
  const seriesOf = (operation: string) =>
    createLabelLimit<Series>(TYPES_MAX, (type) => ({
      durations: durations(operation, type),
      byCode: createLabelLimit(CODES_MAX, (code) => requests(operation, type, code)),
    }))
  const anonymous = seriesOf(ANONYMOUS)
  const byName = createLabelLimit(OPERATIONS_MAX, seriesOf)

  return ({ operationName: name, operationType, code, durationMs }) => {
    const admits = name !== null && code === null && name.length <= NAME_LENGTH_MAX
    const series = (name === null ? anonymous : byName(name, admits))(operationType ?? UNKNOWN, true)
    series.durations.observe(durationMs / 1_000)
    series.byCode(code ?? OK, true).add()
  }
}

type Series = Readonly<{
  durations: Histogram
  byCode: (code: string, admits: boolean) => ReturnType<ReturnType<typeof createCounters>>
}>
