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
  bodyBytes: number
  context: OperationContext
  /** Of the span of this call; null without tracing. */
  traceparent: string | null
  /** Of this call, which several operations may share. */
  cancellation: Cancellation
}>

/** Sends one request until it is answered, within the deadlines of the subgraph and of the operation. */
export async function deliver(
  { pool, operationHead }: Subgraph,
  { request, body, bodyBytes, context, traceparent, cancellation }: Delivery,
  { timeoutMs, signToken }: Readonly<{ timeoutMs: number; signToken: SignInternalToken | null }>,
): Promise<Received> {
  const signed = signToken?.(context.caller.principal) ?? null
  const token = signed instanceof Promise ? await signed : signed
  const head = operationHead + headersFor(context, token, traceparent)
  const endsAt = Math.min(performance.now() + timeoutMs, context.endsAt)
  for (let attempt = 1; ; attempt++) {
    try {
      const remainingMs = Math.max(1, endsAt - performance.now())
      const raw = await sendRequest(pool, { head, body, bodyBytes, timeoutMs: remainingMs, cancellation })
      return { ...raw, answer: readAnswer(raw, request.losesDigits) }
    } catch (error) {
      const waitMs = backoffMs(attempt, RETRY)
      const canRetry = request.isRead && attempt < ATTEMPTS && isConnectionError(error)
      if (!canRetry || performance.now() + waitMs >= endsAt) throw error
      await pause(waitMs)
      if (cancellation.isCancelled) throw new CancelledError()
    }
  }
}

/** None of the values can hold a line end: each was checked, or is ours. */
function headersFor(context: OperationContext, token: string | null, ofSpan: string | null): string {
  const trace = ofSpan ?? context.traceparent
  let headers = `x-request-id: ${context.requestId}\r\nx-client-ip: ${context.clientIp}\r\n`
  if (token !== null) headers += `authorization: Bearer ${token}\r\n`
  if (trace !== null) headers += `traceparent: ${trace}\r\n`
  return headers
}

/** Whether the connection failed, so that the subgraph may answer over another one. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOST)/.test(code)
}
