import type { Breaker } from '@redress/shared/resilience/breaker.ts'
import type { TokenUsage } from '../../domain/decision.ts'
import { type Model, type ModelAnswer, ModelError, type ModelFailure } from './model.ts'

/** Room for one call, for as long as it takes. */
export type Lease = Readonly<{ release: () => Promise<void> }>

/** How much all workers together may ask at once, and in a minute. */
export type ModelLimits = Readonly<{
  /** A lease, or how long to wait before asking for one again. Never rejects: without its store there is no room. */
  acquire: () => Promise<Lease | Readonly<{ retryAfterMs: number }>>
}>

/** The budget for models in one day. */
export type AiSpend = Readonly<{
  isExhausted: () => Promise<boolean>
  /** Counts what a call cost. Never rejects. */
  add: (costUsd: number) => Promise<void>
}>

export type ModelCall = Readonly<{ outcome: 'ok' | ModelFailure; durationMs: number; usage: TokenUsage | null }>

type Options = Readonly<{
  model: Model
  spend: AiSpend
  breaker: Breaker
  /** For how long the breaker stays open: those it turned away may come back after that. */
  breakerOpenMs: number
  limits: ModelLimits
  /** Called for each call, and for each that was not made for a reason of ours. */
  onCall?: (call: ModelCall) => void
}>

/** Failures that count against the provider, not only against one request. */
const FAULTS_OF_THE_PROVIDER: ReadonlySet<ModelFailure> = new Set([
  'timeout',
  'connection',
  'overloaded',
  // It asks to be left alone, and that is what a breaker does.
  'rate_limited',
  'server_error',
  // A wrong key is wrong for every case.
  'unauthenticated',
  // The answer was not a message at all. Whether a message fits its case is checked by the caller.
  'malformed',
])

/** For a breaker around a model. A refusal, an answer that is too long and a request it does not take are answers. */
export function isFaultOfProvider(error: unknown): boolean {
  return error instanceof ModelError && FAULTS_OF_THE_PROVIDER.has(error.failure)
}

/**
 * A model that is asked only while there is money for it, it works, and there is room: budget, breaker, limits, in this
 * order, so that nothing is used up by a call that is not made.
 */
export function createGuardedModel(options: Options): Model {
  const { model, spend, breaker, breakerOpenMs, limits, onCall = () => {} } = options

  const askWithin = async (ask: () => Promise<ModelAnswer>): Promise<ModelAnswer> => {
    if (await spend.isExhausted()) throw new ModelError('budget_exhausted', 'The budget of the day is spent.')
    if (breaker.state() === 'open') throw turnedAway(breakerOpenMs)
    const lease = await limits.acquire()
    if ('retryAfterMs' in lease) {
      throw new ModelError('busy', 'There is no room for a call.', { retryAfterMs: lease.retryAfterMs })
    }
    try {
      return await askThrough(breaker, ask, breakerOpenMs)
    } finally {
      await lease.release()
    }
  }

  return {
    async ask(request, withinMs, signal) {
      const startedAt = performance.now()
      const end = async (outcome: ModelCall['outcome'], usage: TokenUsage | null) => {
        onCall({ outcome, durationMs: performance.now() - startedAt, usage })
        // Not awaited: recording the cost must not delay the answer. `add` never rejects.
        if (usage !== null) void spend.add(usage.costUsd)
      }
      try {
        const answer = await askWithin(() => model.ask(request, withinMs, signal))
        await end('ok', answer.usage)
        return answer
      } catch (error) {
        if (error instanceof ModelError) await end(error.failure, error.usage)
        throw error
      }
    },
  }
}

/**
 * While the breaker tries whether the provider is back, it takes every rejection for a no. A refusal is a yes: so what is
 * not the provider's fault passes it as a result.
 */
async function askThrough(breaker: Breaker, ask: () => Promise<ModelAnswer>, openMs: number): Promise<ModelAnswer> {
  let asked = false
  const outcome = await breaker
    .run(async () => {
      asked = true
      return await ask().catch((error: unknown) => {
        if (isFaultOfProvider(error)) throw error
        return { error }
      })
    })
    .catch((error: unknown) => {
      throw asked ? error : turnedAway(openMs)
    })
  if ('error' in outcome) throw outcome.error
  return outcome
}

const turnedAway = (retryAfterMs: number) =>
  new ModelError('breaker_open', 'The model failed too often, and is spared for now.', { retryAfterMs })
