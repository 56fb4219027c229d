import { setTimeout as pause } from 'node:timers/promises'
import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import {
  type Breaker,
  type BreakerOptions,
  type BreakerState,
  createBreaker,
} from '@redress/shared/resilience/breaker.ts'
import type { Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import type { Cancellation } from '../cancellation.ts'
import type { OperationContext } from '../operation-context.ts'
import { createInFlight, type Launch } from './in-flight.ts'
import { readAnswer } from './read-answer.ts'
import { GivenUpError, sendRequest } from './send-request.ts'
import type { Subgraph } from './subgraph.ts'
import type { FetchRequest, SubgraphAnswer, SubgraphSource } from './subgraph-source.ts'

/** A read whose connection broke is sent again: after 100 ms, then 200, each a little off, within the same deadline. */
const ATTEMPTS = 3
const RETRY_MS = 100

export type CallOptions = Readonly<{
  timeoutMs: number
  /** How often it may fail within a minute, and for how long it is spared then. */
  breaker: Pick<BreakerOptions, 'failuresMax' | 'openMs'>
  /** Null where nobody is told who asks. */
  signToken: SignInternalToken | null
  logger: Logger
  telemetry: Telemetry
  onCall: (call: { subgraph: string; outcome: CallOutcome; durationMs: number }) => void
  onBreaker: (subgraph: string, state: BreakerState) => void
}>

export type CallOutcome = 'ok' | 'failed' | 'refused'

export type SubgraphCaller = Readonly<{ call: SubgraphSource; breaker: Breaker }>

/** An answer, and its text for those who share it: each changes what it is given. */
type Shared = { answer: SubgraphAnswer | null; text: string; status: number }

/**
 * Sends the gateway's part of an operation to one subgraph, with the signed word about who asks: within a deadline,
 * through a breaker, reads again where the connection failed, and identical reads of one permission scope once.
 */
export function createSubgraphCaller(subgraph: Subgraph, options: CallOptions): SubgraphCaller {
  const { name } = subgraph
  const { logger, telemetry, onCall, onBreaker } = options
  const breaker = createBreaker({
    ...options.breaker,
    isFailure: (error) => !(error instanceof GivenUpError),
    onChange(state) {
      logger.warn({ subgraph: name, breaker: state }, 'circuit breaker')
      onBreaker(name, state)
    },
  })
  const reads = createInFlight<Shared>()

  const launch = (request: FetchRequest, body: string, context: OperationContext): Launch<Shared> =>
    async function launched(cancellation) {
      const beganAt = performance.now()
      let outcome: CallOutcome = 'refused'
      try {
        const shared = await breaker.run(() => {
          outcome = 'failed'
          return telemetry.withSpan(
            { name: `subgraph ${name}`, kind: 'client', attributes: { subgraph: name }, parent: context.traceparent },
            ({ traceparent }) => deliver(subgraph, { request, body, context, traceparent, cancellation }, options),
          )
        })
        outcome = 'ok'
        return shared
      } finally {
        onCall({ subgraph: name, outcome, durationMs: performance.now() - beganAt })
      }
    }

  return {
    breaker,
    async call(request, variables, context) {
      const body = `${request.bodyHead}${variables}}`
      try {
        const start = launch(request, body, context)
        const shared =
          request.isRead && hasTime(context, options)
            ? await reads.join(`${context.caller.scope}\n${body}`, context.cancellation, start)
            : await start(context.cancellation)
        return take(shared)
      } catch (err) {
        const { requestId, cancellation } = context
        if (!cancellation.isCancelled) logger.warn({ err, subgraph: name, requestId }, 'subgraph did not answer')
        throw err
      }
    },
  }
}

function take(shared: Shared): SubgraphAnswer {
  const { answer, status, text } = shared
  shared.answer = null
  return answer ?? readAnswer(status, text)
}

/** Who is near the end of their own time neither waits longer for others, nor has them wait less. */
function hasTime({ endsAt }: OperationContext, { timeoutMs }: CallOptions): boolean {
  return endsAt - performance.now() >= timeoutMs
}

type Delivery = Readonly<{
  request: FetchRequest
  body: string
  context: OperationContext
  /** Of the call; null where nothing is traced here. */
  traceparent: string | null
  /** Of the call, which others than the first may wait for. */
  cancellation: Cancellation
}>

async function deliver(
  { pool, graphqlPath }: Subgraph,
  { request, body, context, traceparent, cancellation }: Delivery,
  { timeoutMs, signToken }: CallOptions,
): Promise<Shared> {
  const headers = headersFor(context, signToken && (await signToken(context.caller.principal)))
  const trace = traceparent ?? context.traceparent
  if (trace !== null) headers.push('traceparent', trace)
  const endsAt = Math.min(performance.now() + timeoutMs, context.endsAt)
  for (let attempt = 1; ; attempt++) {
    try {
      const remainingMs = Math.max(1, endsAt - performance.now())
      const raw = await sendRequest(pool, { path: graphqlPath, headers, body, timeoutMs: remainingMs, cancellation })
      return { ...raw, answer: readAnswer(raw.status, raw.text) }
    } catch (error) {
      const waitMs = RETRY_MS * 2 ** (attempt - 1) * (0.75 + Math.random() / 2)
      const isWorthIt = request.isRead && attempt < ATTEMPTS && isOfConnection(error)
      if (!isWorthIt || performance.now() + waitMs >= endsAt) throw error
      await pause(waitMs)
      if (cancellation.isCancelled) throw new GivenUpError()
    }
  }
}

function headersFor({ requestId, clientIp }: OperationContext, token: string | null): string[] {
  const headers = ['content-type', 'application/json', 'accept', 'application/json']
  headers.push('x-request-id', requestId, 'x-client-ip', clientIp)
  if (token !== null) headers.push('authorization', `Bearer ${token}`)
  return headers
}

/** The connection failed, so that the subgraph may well answer over another one. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && /^(ECONN|EPIPE|UND_ERR_SOCKET|UND_ERR_CONNECT|EAI_AGAIN|ENOTFOUND|EHOST)/.test(code)
}
