import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import {
  type Breaker,
  type BreakerOptions,
  type BreakerState,
  createBreaker,
} from '@redress/shared/resilience/breaker.ts'
import type { Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { LRUCache } from 'lru-cache'
import type { OperationContext } from '../operation-context.ts'
import { deliver, type Received } from './deliver.ts'
import { createInFlight, type InFlight, type Launch } from './in-flight.ts'
import { createReadinessProbe } from './probe-when-ready.ts'
import { readAnswer, UnusableAnswerError } from './read-answer.ts'
import { CancelledError } from './send-request.ts'
import { readReadiness, type Subgraph } from './subgraph.ts'
import type { FetchRequest, SubgraphAnswer, SubgraphSource } from './subgraph-source.ts'

export type CallOptions = Readonly<{
  timeoutMs: number
  /** Failures per minute that open the breaker, and how long it stays open. */
  breaker: Pick<BreakerOptions, 'failuresMax' | 'openMs'>
  /** Null sends no internal token. */
  signToken: SignInternalToken | null
  logger: Logger
  telemetry: Telemetry
  /** Mutations sent to any subgraph so far. */
  writes: Writes
  onCall: (call: { subgraph: string; outcome: CallOutcome; durationMs: number }) => void
  onBreaker: (subgraph: string, state: BreakerState) => void
}>

/** Beyond this number, reads on their way may not be found by an equal one. */
const DOCUMENTS_MAX = 1_000

/** A read that began before the end of a mutation is not shared with one that begins after it. */
export type Writes = { ended: number }

export type CallOutcome = 'ok' | 'failed' | 'refused'

export type SubgraphCaller = Readonly<{ call: SubgraphSource; breaker: Breaker; close: () => void }>

/** One call through the breaker; its answer may be shared. */
type Call = (request: FetchRequest, variables: string, context: OperationContext) => Launch<Received>

/**
 * Sends the fetches of operations to one subgraph, with the internal token: within a deadline, through a breaker, with
 * retries of reads whose connection failed, and identical reads of one permission scope once.
 */
export function createSubgraphCaller(subgraph: Subgraph, options: CallOptions): SubgraphCaller {
  const { breaker, close } = createSubgraphBreaker(subgraph, options)
  const readsOf = createReads()
  const startCall = createCall(subgraph, breaker, options)
  const { writes } = options

  return {
    breaker,
    close,
    async call(request, variables, context) {
      try {
        const start = startCall(request, variables, context)
        const isShared = request.isRead && hasTime(context, options)
        const received = isShared
          ? await readsOf(request).join(
              `${writes.ended}\n${context.caller.scope}\n${variables}`,
              context.cancellation,
              start,
            )
          : await start(context.cancellation)
        return takeAnswer(received, request)
      } catch (err) {
        const { requestId, cancellation } = context
        if (!cancellation.isCancelled) {
          options.logger.warn({ err, subgraph: subgraph.name, requestId }, 'subgraph did not answer')
        }
        throw err
      } finally {
        if (!request.isRead) writes.ended++
      }
    },
  }
}

/** The reads on their way, by document, so that only what differs between them is looked up. */
function createReads() {
  const known = new LRUCache<string, InFlight<Received>>({ max: DOCUMENTS_MAX })
  return ({ bodyHead }: FetchRequest): InFlight<Received> => {
    const found = known.get(bodyHead)
    if (found !== undefined) return found
    const created = createInFlight<Received>()
    known.set(bodyHead, created)
    return created
  }
}

function createSubgraphBreaker(subgraph: Subgraph, options: CallOptions) {
  const { name } = subgraph
  const { breaker: limits, timeoutMs, logger, onBreaker } = options
  const readiness = createReadinessProbe({
    // A subgraph without readiness check is probed once the time of the breaker is over.
    isReady: async () => (await readReadiness(subgraph, timeoutMs)) ?? false,
    probe: () => breaker.probe(),
    maxMs: limits.openMs,
  })
  const breaker: Breaker = createBreaker({
    ...limits,
    isFailure: (error) => !(error instanceof CancelledError) && !isFaultOfCaller(error),
    onChange(state) {
      logger.warn({ subgraph: name, breaker: state }, 'circuit breaker')
      onBreaker(name, state)
      readiness.follow(state)
    },
  })
  const close = () => {
    readiness.close()
    breaker.close()
  }
  return { breaker, close }
}

/** A status such as 401 or 429 may concern one caller, and must not take the subgraph away from the others. */
function isFaultOfCaller(error: unknown): boolean {
  return error instanceof UnusableAnswerError && error.status >= 400 && error.status < 500
}

function createCall(subgraph: Subgraph, breaker: Breaker, options: CallOptions): Call {
  const { name } = subgraph
  const { telemetry, onCall } = options
  const work = { name: `subgraph ${name}`, kind: 'client', attributes: { subgraph: name } } as const
  return (request, variables, context) =>
    async function call(cancellation) {
      const body = `${request.bodyHead}${variables}}`
      const bodyBytes = request.bodyHeadBytes + Buffer.byteLength(variables) + 1
      const beganAt = performance.now()
      let outcome: CallOutcome = 'refused'
      try {
        const received = await breaker.run(() => {
          outcome = 'failed'
          return telemetry.withSpan({ ...work, parent: context.traceparent }, ({ traceparent }) =>
            deliver(subgraph, { request, body, bodyBytes, context, traceparent, cancellation }, options),
          )
        })
        outcome = 'ok'
        return received
      } finally {
        onCall({ subgraph: name, outcome, durationMs: performance.now() - beganAt })
      }
    }
}

/** The parsed answer for the first to take it; the others parse the text again, because each modifies its answer. */
function takeAnswer(received: Received, { losesDigits }: FetchRequest): SubgraphAnswer {
  const { answer } = received
  received.answer = null
  return answer ?? readAnswer(received, losesDigits)
}

/** With less time than a call may take, an operation makes its own: a shared one could end too late, or too early. */
function hasTime({ endsAt }: OperationContext, { timeoutMs }: CallOptions): boolean {
  return endsAt - performance.now() >= timeoutMs
}
