import type { Logger } from '@redress/shared/process/logger.ts'

const EVERY_MS = 10_000

type Options = Readonly<{ recoverJobs: () => Promise<number>; mayRun: () => boolean; logger: Logger }>

/** Looks again and again for jobs that are on record and should have ended; on one process at a time. */
export function startRecovery({ recoverJobs, mayRun, logger }: Options): { stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve()
  const run = async () => {
    if (!mayRun()) return
    try {
      const recovered = await recoverJobs()
      if (recovered > 0) logger.warn({ jobs: recovered }, 'recovering overdue jobs')
    } catch (err) {
      logger.warn({ err }, 'recovery not possible yet')
    }
  }
  const timer = setInterval(() => {
    running = running.then(run)
  }, EVERY_MS)

  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
