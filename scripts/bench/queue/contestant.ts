import type { JobData } from './tiers.ts'

/** A queue of one tier, by our platform or by BullMQ alone. It is empty at the beginning of each round. */
export type Contestant = Readonly<{
  /** Resolves when a caller would be answered. */
  add: (data: JobData) => Promise<unknown>
  /** Milliseconds from the first job that a new worker runs until it has ended so many. */
  work: (jobs: number, concurrency: number) => Promise<number>
  clear: () => Promise<void>
}>

/** Counts jobs that run, and takes the time from the first to the last. */
export function createCountdown(jobs: number, countActive: () => Promise<number>) {
  const { promise: allRan, resolve } = Promise.withResolvers<void>()
  let left = jobs
  let beganAt = 0
  return {
    async ran() {
      if (left === jobs) beganAt = performance.now()
      left--
      if (left === 0) resolve()
      return null
    },
    async tookMs(): Promise<number> {
      await allRan
      // The last ones have run, and are about to end.
      while ((await countActive()) > 0);
      return performance.now() - beganAt
    },
  }
}
