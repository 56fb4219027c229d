import type { type } from 'arktype'
import type { ProviderTarget } from '../limits/providers.ts'
import { QUEUES, type QueueName, type Retry, type Tier } from './queues.ts'

/** Everything that is decided about one type of job. */
export type JobDefinition<Data = unknown> = Readonly<{
  queue: QueueName
  tier: Tier
  /** The schema of its data: an order with other data is refused, and a worker checks it again. */
  Data: (data: unknown) => Data | type.errors
  /**
   * The natural idempotency key: two orders with equal keys are one job. Without it each order is a job of its own,
   * unless the caller gives a key.
   */
  keyOf?(data: Data): string
  /** The data of a job that a schedule adds for a tick, where it depends on the tick. */
  ofTick?(data: Data, tick: Date): object
  /** Whether callers may order it by the mutation `addJob`. Otherwise only this service does. */
  addable: boolean
  /** The permission that a caller needs to order it, beside that of `addJob`; null for no other. */
  permission: string | null
  /** 1 to 10, the most urgent, for an order that gives none. */
  priority: number
  /** After this, an attempt is aborted and has failed. Null: the handler bounds its own time. Milliseconds. */
  timeoutMs: number | null
  /** Jobs of this type that one worker runs side by side. Null: as many as the queue allows. */
  concurrency: number | null
  retry: Retry
  /** The provider that its attempts call, whose limits hold for them; null for none. */
  provider: ProviderTarget | null
  /** So long an ended job is kept: its record, or in the tier IMPORTANT a failed one in Redis. */
  retentionDays: number
  /** Its names in earlier versions: a job that one of them has queued still runs. */
  formerNames: readonly string[]
  /** Stored jobs that are still open after `overdueMs` are looked up in the queue, `batch` at a time. */
  recovery: Readonly<{ overdueMs: number; batch: number; batchesMax: number }>
}>

/** All types of job by their names. */
export type Registry = Readonly<Record<string, JobDefinition>>

type Needed<Data> = Pick<JobDefinition<Data>, 'queue' | 'Data' | 'timeoutMs'>
type Given<Data> = Needed<Data> & Partial<JobDefinition<Data>>

const RECOVERY = { overdueMs: 60_000, batch: 100, batchesMax: 10 }

/** A type of job. What is not given follows from its queue, or is the most cautious value. */
export function defineJob<Data>(given: Given<Data>): JobDefinition<Data> {
  const { tier, retry } = QUEUES[given.queue]
  return {
    ...{ tier, retry, addable: false, permission: null, priority: 5, concurrency: null, provider: null },
    ...{ retentionDays: 90, formerNames: [], recovery: RECOVERY },
    ...given,
  }
}
