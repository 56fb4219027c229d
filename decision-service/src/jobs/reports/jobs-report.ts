import type { JobState } from '../orders/job-view.ts'
import { createGroups } from './groups.ts'
import type { Reading, Report } from './report.ts'
import type { Range } from './report-order.ts'

/** The part of a job that the report counts. Times are null where the job has not come so far, or nothing noted it. */
export type JobFact = Readonly<{
  type: string
  state: JobState
  failureCode: string | null
  attempts: number
  /** From when it was due to its first attempt. */
  waitedMs: number | null
  /** From when it was due to its end. */
  tookMs: number | null
}>

/** The jobs that were added in a range of time. */
export type ReadJobFacts = (range: Range, reading: Reading) => AsyncIterable<JobFact>

/**
 * Jobs by type, state and reason of their failure, counted in the range in which they were added. Jobs of types that only
 * Redis holds are not among them: they are gone soon after their end.
 */
export function createJobsReport(sources: readonly ReadJobFacts[]): Report {
  return {
    title: 'Jobs and failures',
    columns: ['type', 'state', 'failureCode', 'jobs', 'attempts', 'averageWaitMs', 'averageTotalMs', 'longestTotalMs'],
    async *rows(range, { signal, progress }) {
      const groups = createGroups(() => ({ jobs: 0, attempts: 0, waited: createMean(), took: createMean() }))
      for (const [index, read] of sources.entries()) {
        const share = (fraction: number) => progress((index + fraction) / sources.length)
        for await (const { type, state, failureCode, attempts, waitedMs, tookMs } of read(range, {
          signal,
          progress: share,
        })) {
          const group = groups.of(type, state, failureCode)
          group.jobs += 1
          group.attempts += attempts
          group.waited.add(waitedMs)
          group.took.add(tookMs)
        }
      }
      for (const [[type, state, failureCode], { jobs, attempts, waited, took }] of groups.all()) {
        const times = { averageWaitMs: waited.mean(), averageTotalMs: took.mean(), longestTotalMs: took.max() }
        yield { type: type!, state: state!, failureCode: failureCode!, jobs, attempts, ...times }
      }
    },
  }
}

/** The mean of values, of which null is none. Whole numbers. */
export function createMean() {
  let [count, sum, max] = [0, 0, 0]
  return {
    add(value: number | null): void {
      if (value === null) return
      count += 1
      sum += value
      max = Math.max(max, value)
    },
    mean: () => (count === 0 ? null : Math.round(sum / count)),
    max: () => (count === 0 ? null : max),
  }
}
