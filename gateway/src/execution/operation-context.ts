import type { OperationTypeNode } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { Cancellation } from './cancellation.ts'
import type { Row } from './json.ts'

/** One request as the execution sees it. */
export type OperationContext = Readonly<{
  caller: Caller
  requestId: string
  clientIp: string
  traceparent: string | null
  /** The client has gone away. */
  cancellation: Cancellation
  /** When everything has to be done, as `performance.now()` counts. */
  endsAt: number
  /** What a subscription has to tell; null for any other operation. */
  event: Row | null
  /** What the access log will say; filled in while the operation runs. */
  observed: Observed
}>

export type Observed = {
  operationName: string | null
  operationType: `${OperationTypeNode}` | null
  codes: readonly string[]
  /** It was turned away before it ran. */
  isRefused: boolean
}
