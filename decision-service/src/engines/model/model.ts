import type { TokenUsage, TraceStep } from '../../domain/decision.ts'

/** One question to a model. What comes first changes least, so that it can be cached. */
export type ModelRequest = Readonly<{
  /** Instructions; nothing of a case is in here. */
  system: readonly string[]
  /** The case or cases, as data. */
  user: string
  /** JSON Schema of the answer. The provider enforces the shape; the caller checks it again. */
  schema: Readonly<Record<string, unknown>>
  maxTokens: number
}>

export type ModelAnswer = Readonly<{
  /** JSON, not checked yet. */
  text: string
  usage: TokenUsage
  model: string
  /** By which the provider finds the call again. */
  requestId?: string | null
}>

export type Model = {
  /**
   * Asks once, with a deadline of its own.
   * @param withinMs a nearer deadline.
   * @param signal ends the call when nobody waits for its answer any more.
   * @throws ModelError when there is no usable answer, whatever the reason; AttemptOverError once `signal` is aborted.
   */
  ask(request: ModelRequest, withinMs?: number, signal?: AbortSignal): Promise<ModelAnswer>
}

export type ModelFailure =
  | 'timeout'
  | 'connection'
  | 'overloaded'
  | 'rate_limited'
  | 'server_error'
  | 'invalid_request'
  | 'unauthenticated'
  | 'refused'
  | 'truncated'
  | 'malformed'
  | 'breaker_open'
  | 'budget_exhausted'
  /** Our own limits leave no room now. Nothing was asked. */
  | 'busy'

/** A model gave no usable answer. Internal: decisions fall back, or are held; the reason is in the trace. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly failure: ModelFailure
  /** The usage that was charged although the call failed. */
  readonly usage: TokenUsage | null
  /** After which it may be tried again, where that is known. */
  readonly retryAfterMs: number | null
  readonly requestId: string | null
  /** The attempts that led to the error, if they were traced. */
  readonly steps: readonly TraceStep[]

  constructor(
    failure: ModelFailure,
    message: string,
    facts: Readonly<{
      usage?: TokenUsage | null
      retryAfterMs?: number | null
      requestId?: string | null
      steps?: readonly TraceStep[]
      cause?: unknown
    }> = {},
  ) {
    super(message, { cause: facts.cause })
    this.failure = failure
    this.usage = facts.usage ?? null
    this.retryAfterMs = facts.retryAfterMs ?? null
    this.requestId = facts.requestId ?? null
    this.steps = facts.steps ?? []
  }
}
