import { setTimeout as sleep } from 'node:timers/promises'
import type { TokenUsage, TraceStep } from '../../domain/decision.ts'
import { type Model, type ModelAnswer, ModelError, type ModelFailure, type ModelRequest } from '../model/model.ts'
import { sumUsage } from './shared-usage.ts'

/** The outcome of a question and its trace: a step `model` for each attempt, and what all of them used together. */
export type Asked = Readonly<{ steps: readonly TraceStep[]; usage: TokenUsage | null }> &
  (Readonly<{ ok: true; answer: ModelAnswer }> | Readonly<{ ok: false; error: ModelError }>)

const ATTEMPTS_MAX = 2
/**
 * Failures that a second attempt may not meet. A timeout has used up the time of a second attempt; a 429 says when to
 * come back.
 */
const PASSING: ReadonlySet<ModelFailure> = new Set(['connection', 'overloaded', 'server_error'])
/** Refusals by our own limits before anything was sent. They do not explain the failure of an earlier attempt. */
const NOT_ASKED: ReadonlySet<ModelFailure> = new Set(['busy', 'breaker_open', 'budget_exhausted'])
/** The share of the budget that must be left for a second attempt: one with less would only be paid for. */
const SHARE_LEFT_MIN = 0.5
/** Between attempts: 100 to 300 ms, so that workers that failed together do not come back together. */
const pauseBetween = () => sleep(100 + Math.random() * 200)

export type AskOptions = Readonly<{ budgetMs: number; pause?: () => Promise<unknown> }>
type Asking = AskOptions & Readonly<{ signal?: AbortSignal | undefined }>

/**
 * Asks a model within `budgetMs` in all, the one place where it is asked again: once, after a short pause, when the first
 * attempt failed early by something that passes. Every attempt takes the same limits and counts for the same breaker.
 * Never rejects because of a model. @throws AttemptOverError once `signal` is aborted.
 */
export async function askModel(
  model: Model,
  request: ModelRequest,
  { budgetMs, pause = pauseBetween, signal }: Asking,
): Promise<Asked> {
  const endsAt = performance.now() + budgetMs
  const steps: TraceStep[] = []
  const usages: (TokenUsage | null)[] = []
  let failed: ModelError | null = null

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (failed !== null) {
      if (endsAt - performance.now() < budgetMs * SHARE_LEFT_MIN) break
      await pause()
    }
    const outcome = await askOnce(model, request, { attempt, withinMs: endsAt - performance.now(), signal })
    steps.push(outcome.step)
    usages.push(outcome.usage)
    if (outcome.answer !== null) return { ok: true, answer: outcome.answer, steps, usage: sumUsage(usages) }
    if (failed === null || !NOT_ASKED.has(outcome.error.failure)) failed = outcome.error
    if (!PASSING.has(failed.failure)) break
  }
  return { ok: false, error: failed!, steps, usage: sumUsage(usages) }
}

type Attempt = Readonly<{ attempt: number; withinMs: number; signal: AbortSignal | undefined }>

async function askOnce(model: Model, request: ModelRequest, { attempt, withinMs, signal }: Attempt) {
  const startedAt = performance.now()
  const head = () => ({ name: 'model', attempt, durationMs: performance.now() - startedAt })
  try {
    const answer = await model.ask(request, withinMs, signal)
    const { usage, model: answered, requestId = null } = answer
    const step: TraceStep = { ...head(), ok: true, error: null, output: { model: answered, requestId, usage } }
    return { answer, usage, step, error: null }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    const { failure, usage, requestId, retryAfterMs } = error
    const step: TraceStep = { ...head(), ok: false, error: failure, output: { requestId, usage, retryAfterMs } }
    return { answer: null, usage, step, error }
  }
}
