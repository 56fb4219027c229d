import type { Logger } from '../../process/logger.ts'
import type { DomainEvent } from '../envelope.ts'

const RETRY_EVERY_MS = 1_000

type Options = Readonly<{
  group: string
  afterCommit?: (events: readonly DomainEvent[]) => Promise<void>
  recover?: () => Promise<void>
  monotonicMs: () => number
  logger: Logger
}>

export type AfterCommit = Readonly<{
  /** Runs `afterCommit`; a failure is logged, and makes `recover` due. */
  run: (events: readonly DomainEvent[]) => Promise<void>
  /** Makes `recover` due: a predecessor may have died between a commit and what follows it. */
  require: () => void
  /** Runs `recover` where it is due, about once a second until it succeeds. */
  recover: () => Promise<void>
}>

/** The effects after a commit, outside of its transaction, and their repetition where they failed or never ran. */
export function createAfterCommit({ group, afterCommit, recover, monotonicMs, logger }: Options): AfterCommit {
  let isDue = false
  let triedAtMs = Number.NEGATIVE_INFINITY

  return {
    async run(events) {
      await afterCommit?.(events).catch((err: unknown) => {
        logger.warn({ err, group }, 'not done after a commit')
        isDue = true
      })
    },
    require() {
      isDue = true
    },
    async recover() {
      if (!isDue || recover === undefined || monotonicMs() < triedAtMs + RETRY_EVERY_MS) return
      triedAtMs = monotonicMs()
      isDue = false
      await recover().catch((err: unknown) => {
        logger.warn({ err, group }, 'not recovered after a commit')
        isDue = true
      })
    },
  }
}
