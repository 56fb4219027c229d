import type { OperationTypeNode } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { Cancellation } from './cancellation.ts'
import type { Row } from './json.ts'

/** The request that an operation belongs to. */
export type OperationContext = Readonly<{
  caller: Caller
  requestId: string
  clientIp: string
  traceparent: string | null
  /** Cancelled when the client has gone. */
  cancellation: Cancellation
  /** The deadline, in the time of `performance.now()`. */
  endsAt: number
  /** The event of a subscription; null for other operations. */
  event: Row | null
  /** Facts for the access log, filled in while the operation runs. */
  observed: Observed
}>

export type Observed = {
  operationName: string | null
  operationType: `${OperationTypeNode}` | null
  codes: readonly string[]
  /** Whether it was refused before it ran. */
  isRefused: boolean
}
