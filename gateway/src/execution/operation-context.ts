import type { Caller } from '../access/caller.ts'
import type { Row } from './json.ts'

/** One request as the execution sees it. */
export type OperationContext = Readonly<{
  caller: Caller
  requestId: string
  clientIp: string
  traceparent: string | null
  /** Aborts when the client has gone away, or has waited for as long as anybody may. */
  signal: AbortSignal
  /** What a subscription has to tell; null for any other operation. */
  event: Row | null
  /** What the access log will say; filled in while the operation runs. */
  observed: Observed
}>

export type Observed = { operationName: string | null; codes: readonly string[] }
