import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import type { BreakerState } from '@redress/shared/resilience/breaker.ts'

const FIRST_MS = 1_000

type Options = Readonly<{
  /** Whether the subgraph reports that it is ready. */
  isReady: () => Promise<boolean>
  /** Lets the breaker send one call through. */
  probe: () => void
  /** The longest wait between two questions. */
  maxMs: number
  firstMs?: number
}>

/**
 * Asks a subgraph whose breaker is open for its readiness, and has it probed as soon as it is ready: a subgraph that
 * starts again is called within a second or two. Each probe that failed doubles the wait, because a subgraph may report
 * that it is ready and still fail every call.
 */
export function createReadinessProbe({ isReady, probe, maxMs, firstMs = FIRST_MS }: Options) {
  let failedProbes = 0
  let state: BreakerState = 'closed'
  let timer: NodeJS.Timeout | undefined

  const ask = async () => {
    const ready = await isReady()
    if (state !== 'open') return
    if (ready) probe()
    else wait()
  }
  const wait = () => {
    timer = setTimeout(() => void ask(), backoffMs(failedProbes + 1, { firstMs, maxMs })).unref()
  }
  return {
    follow(now: BreakerState) {
      clearTimeout(timer)
      if (now === 'closed') failedProbes = 0
      if (now === 'open') {
        failedProbes += state === 'half open' ? 1 : 0
        wait()
      }
      state = now
    },
    close() {
      state = 'closed'
      clearTimeout(timer)
    },
  }
}
