import { setTimeout as sleep } from 'node:timers/promises'
import { requireRunning } from '../errors.ts'
import { type Model, ModelError } from './model.ts'

const WAIT_MIN_MS = 50

/**
 * A model whose callers wait for room among our own limits, for at most `patienceMs`. Voters of one decision are asked
 * together: one that found no room at once would cast no vote.
 */
export function createPatientModel(model: Model, { patienceMs }: { patienceMs: number }): Model {
  return {
    async ask(request, withinMs = patienceMs, signal) {
      const endsAt = performance.now() + Math.min(withinMs, patienceMs)
      while (true) {
        requireRunning(signal)
        const leftMs = endsAt - performance.now()
        try {
          return await model.ask(request, leftMs, signal)
        } catch (error) {
          const waitMs = Math.max(WAIT_MIN_MS, error instanceof ModelError ? (error.retryAfterMs ?? 0) : 0)
          const isBusy = error instanceof ModelError && error.failure === 'busy'
          if (!isBusy || endsAt - performance.now() <= waitMs) throw error
          await sleep(waitMs)
        }
      }
    },
  }
}
