import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { QueueName } from '../frame/queues.ts'
import { bucketOf } from './duration-buckets.ts'

/** The jobs of one type that this process has counted and not stored yet. */
export type JobCount = {
  readonly queue: QueueName
  readonly type: string
  added: number
  completed: number
  failed: number
  busyMs: number
  /** How many were completed by an attempt whose duration is in each bucket. */
  durations: Map<number, number>
  failures: Map<ErrorCode, { count: number; lastAt: Date }>
}

export type JobCounts = Readonly<{
  /** The count to add to. Keep nothing of it: it is another one after `take`. */
  of(queue: QueueName, type: string): JobCount
  /** Takes all counts out, to be stored. */
  take(): readonly JobCount[]
  /** Puts counts back that could not be stored. */
  putBack(counts: readonly JobCount[]): void
}>

/** Counts in memory, so that a job costs no write. A process that is killed loses those that were not stored yet. */
export function createJobCounts(): JobCounts {
  let counts = new Map<string, JobCount>()
  const of: JobCounts['of'] = (queue, type) => {
    const key = `${queue} ${type}`
    const known = counts.get(key)
    if (known !== undefined) return known
    const created: JobCount = {
      queue,
      type,
      added: 0,
      completed: 0,
      failed: 0,
      busyMs: 0,
      durations: new Map(),
      failures: new Map(),
    }
    counts.set(key, created)
    return created
  }
  return {
    of,
    take() {
      const taken = [...counts.values()]
      counts = new Map()
      return taken
    },
    putBack(taken) {
      for (const { queue, type, durations, failures, ...numbers } of taken) {
        const count = of(queue, type)
        for (const field of ['added', 'completed', 'failed', 'busyMs'] as const) count[field] += numbers[field]
        for (const [bucket, times] of durations) addTo(count.durations, bucket, times)
        for (const [code, { count: times, lastAt }] of failures) countFailure(count, code, lastAt, times)
      }
    },
  }
}

export function countFailure({ failures }: JobCount, code: ErrorCode, at: Date, times = 1): void {
  const known = failures.get(code)
  const lastAt = known !== undefined && known.lastAt > at ? known.lastAt : at
  failures.set(code, { count: (known?.count ?? 0) + times, lastAt })
}

export function countDuration({ durations }: JobCount, durationMs: number): void {
  addTo(durations, bucketOf(durationMs), 1)
}

function addTo(sums: Map<number, number>, bucket: number, times: number): void {
  sums.set(bucket, (sums.get(bucket) ?? 0) + times)
}
