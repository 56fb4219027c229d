import type { Principal } from '@redress/shared/access.ts'

/** One request as the execution sees it. */
export type OperationContext = Readonly<{
  principal: Principal
  requestId: string
  clientIp: string
  traceparent: string | null
  /** Aborts when the client has gone away: nobody waits for the answer any more. */
  signal: AbortSignal
  /** What the access log will say; filled in while the operation runs. */
  observed: Observed
}>

export type Observed = { operationName: string | null; codes: readonly string[] }
