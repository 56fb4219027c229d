import type { Logger } from '@redress/shared/process/logger.ts'

/** Batches take minutes to hours; looking more often gains nothing. */
const EVERY_MS = 30_000

type Options = Readonly<{
  decideBacklog: () => Promise<void>
  mayRun: () => boolean
  logger: Logger
  everyMs?: number
}>

/** Looks again and again after batches and what waits too long; on one process at a time. */
export function startBacklog({ decideBacklog, mayRun, logger, everyMs = EVERY_MS }: Options): {
  stop: () => Promise<void>
} {
  let running: Promise<void> | null = null
  const run = async () => {
    try {
      await decideBacklog()
    } catch (err) {
      logger.warn({ err }, 'backlog not decided yet')
    }
  }
  const timer = setInterval(() => {
    // A look that takes longer than the time between two is not joined by a second one.
    if (running !== null || !mayRun()) return
    running = run().finally(() => {
      running = null
    })
  }, everyMs)

  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
