import type { JobView } from '../orders/job-view.ts'
import { createGroups } from './groups.ts'
import { createMean } from './mean.ts'
import type { Reading, Report } from './report.ts'
import type { Range } from './report-order.ts'

/** The part of a job that the report counts. */
export type CountedJob = Pick<
  JobView,
  'type' | 'state' | 'failure' | 'attempts' | 'scheduledFor' | 'createdAt' | 'startedAt' | 'endedAt'
>

/** The jobs of one store that were added in a range of time. */
export type ReadJobs = (range: Range, reading: Reading) => AsyncIterable<CountedJob>

/**
 * Jobs by type, state and reason of their failure, counted in the range in which they were added. Jobs of types that only
 * Redis holds are not among them: they are gone soon after their end.
 */
export function createJobsReport(stores: readonly ReadJobs[]): Report {
  return {
    title: 'Jobs and failures',
    columns: ['type', 'state', 'failureCode', 'jobs', 'attempts', 'averageWaitMs', 'averageTotalMs', 'longestTotalMs'],
    async *rows(range, reading) {
      const groups = createGroups(() => ({ jobs: 0, attempts: 0, waited: createMean(), took: createMean() }))
      for await (const { type, state, failure, attempts, ...times } of readAll(stores, range, reading)) {
        // A job that goes on may have the failure of its last attempt.
        const group = groups.of(type, state, state === 'FAILED' ? (failure?.code ?? null) : null)
        group.jobs += 1
        group.attempts += attempts
        const due = times.scheduledFor ?? times.createdAt
        group.waited.add(sinceMs(due, times.startedAt))
        group.took.add(sinceMs(due, times.endedAt))
      }
      for (const [[type, state, failureCode], { jobs, attempts, waited, took }] of groups.all()) {
        const means = { averageWaitMs: waited.mean(), averageTotalMs: took.mean(), longestTotalMs: took.max() }
        yield { type: type!, state: state!, failureCode: failureCode!, jobs, attempts, ...means }
      }
    },
  }
}

async function* readAll(
  stores: readonly ReadJobs[],
  range: Range,
  { signal, progress }: Reading,
): AsyncIterable<CountedJob> {
  for (const [index, read] of stores.entries()) {
    yield* read(range, { signal, progress: (fraction) => progress((index + fraction) / stores.length) })
  }
}

const sinceMs = (due: Date, at: Date | null) => at && Math.max(0, at.getTime() - due.getTime())
