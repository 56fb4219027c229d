import { succeedsWithin } from '../resilience/deadline.ts'

export type Repeating = Readonly<{
  /** Runs a round that begins now, or after the current one. Rejects as the round does. */
  runNow: () => Promise<void>
  /** Begins no further round; resolves when the current one has ended, or is given up. */
  stop: () => Promise<void>
}>

type Options = Readonly<{
  run: () => Promise<unknown>
  /** Null: only `runNow` begins a round. */
  everyMs: number | null
  /** Whether this process is the one to run, where only a leader may. */
  mayRun?: () => boolean
  /** Receives the failure of a round that the timer began. The next round runs all the same. */
  onError: (error: unknown) => void
  /** How long stopping waits for the current round, which a store that is away may hold up; 0 for one that only reads. */
  giveUpMs?: number
}>

const GIVE_UP_MS = 2_000

/**
 * Repeats `run` every `everyMs`, one round at a time: a round that is due while another runs is skipped. The timer does
 * not keep the process alive.
 */
export function startRepeating(options: Options): Repeating {
  const { run, everyMs, mayRun = () => true, onError, giveUpMs = GIVE_UP_MS } = options
  let stopped = false
  let current: Promise<void> | null = null
  let next: Promise<void> | null = null

  const begin = (): Promise<void> => {
    if (stopped || !mayRun()) return Promise.resolve()
    const round = run().then(() => {})
    const end = () => {
      current = null
    }
    current = round.then(end, end)
    return round
  }
  const runNow = (): Promise<void> => {
    if (current === null) return begin()
    next ??= current.then(() => {
      next = null
      return begin()
    })
    return next
  }
  const report = (error: unknown) => {
    if (!stopped) onError(error)
  }
  const timer = everyMs === null ? undefined : setInterval(() => current ?? begin().catch(report), everyMs).unref()

  return {
    runNow,
    async stop() {
      stopped = true
      clearInterval(timer)
      if (current !== null && giveUpMs > 0) await succeedsWithin(giveUpMs, current)
    },
  }
}
