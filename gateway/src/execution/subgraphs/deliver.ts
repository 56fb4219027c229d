import { setTimeout as pause } from 'node:timers/promises'
import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import type { Cancellation } from '../cancellation.ts'
import type { OperationContext } from '../operation-context.ts'
import { readAnswer } from './read-answer.ts'
import { CancelledError, type RawAnswer, sendRequest } from './send-request.ts'
import type { Subgraph } from './subgraph.ts'
import type { FetchRequest, SubgraphAnswer } from './subgraph-source.ts'

/** A read is sent again if its connection fails, within the same deadline. */
const ATTEMPTS = 3
const RETRY = { firstMs: 120, maxMs: 1_000 }

/** An answer with its text. `answer` is null once it was taken. */
export type Received = RawAnswer & { answer: SubgraphAnswer | null }

export type Delivery = Readonly<{
  request: FetchRequest
  body: string
  context: OperationContext
  /** Of the span of this call; null without tracing. */
  traceparent: string | null
  /** Of this call, which several operations may share. */
  cancellation: Cancellation
}>

/** Sends one request until it is answered, within the deadlines of the subgraph and of the operation. */
export async function deliver(
  { pool, graphqlPath }: Subgraph,
  { request, body, context, traceparent, cancellation }: Delivery,
  { timeoutMs, signToken }: Readonly<{ timeoutMs: number; signToken: SignInternalToken | null }>,
): Promise<Received> {
  const headers = headersFor(context, signToken && (await signToken(context.caller.principal)))
  const trace = traceparent ?? context.traceparent
  if (trace !== null) headers.push('traceparent', trace)
  const endsAt = Math.min(performance.now() + timeoutMs, context.endsAt)
  for (let attempt = 1; ; attempt++) {
    try {
      const remainingMs = Math.max(1, endsAt - performance.now())
      const raw = await sendRequest(pool, { path: graphqlPath, headers, body, timeoutMs: remainingMs, cancellation })
      return { ...raw, answer: readAnswer(raw) }
    } catch (error) {
      const waitMs = backoffMs(attempt, RETRY)
      const canRetry = request.isRead && attempt < ATTEMPTS && isConnectionError(error)
      if (!canRetry || performance.now() + waitMs >= endsAt) throw error
      await pause(waitMs)
      if (cancellation.isCancelled) throw new CancelledError()
    }
  }
}

/** Without `accept-encoding` a server may compress, which costs both sides more than it saves between them. */
const FORMS = [
  ['content-type', 'application/json'],
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
].flat()

function headersFor({ requestId, clientIp }: OperationContext, token: string | null): string[] {
  const headers = [...FORMS]
  headers.push('x-request-id', requestId, 'x-client-ip', clientIp)
  if (token !== null) headers.push('authorization', `Bearer ${token}`)
  return headers
}

/** Whether the connection failed, so that the subgraph may answer over another one. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && /^(ECONN|EPIPE|UND_ERR_SOCKET|UND_ERR_CONNECT|EAI_AGAIN|ENOTFOUND|EHOST)/.test(code)
}
