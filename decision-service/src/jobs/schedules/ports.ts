import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Schedule, ScheduleProgress } from './schedule.ts'

export type SchedulesTransaction = Readonly<{
  find(name: string): Promise<Schedule | null>
  count(): Promise<number>
  /** Writes the successor of the schedule that was found. */
  put(schedule: Schedule): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
}>

export type Schedules = Readonly<{
  /** By name. */
  all(): Promise<readonly Schedule[]>
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: SchedulesTransaction) => Promise<T>): Promise<T>
  /** Notes progress on a schedule as it was read, and gives it as it is then. Null where it has changed since. */
  advance(seen: Schedule, progress: Partial<ScheduleProgress>): Promise<Schedule | null>
}>

type Order = Readonly<{ type: string; data: object; tick: Date; idempotencyKey: string }>
type Asking = Readonly<{ cause: Pick<Cause, 'actor' | 'requestId'>; caller: null }>

/**
 * Adds a job. Orders with equal keys are one job, also where the first has ended, or its caller died before it had an
 * answer. @throws StoreUnavailableError while the job cannot be stored.
 */
export type AddJob = (order: Order, asking: Asking) => Promise<Readonly<{ job: Readonly<{ id: string }> }>>
