import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Queue } from 'bullmq'
import type { MongoClient } from 'mongodb'
import type { JobViews } from '../api/job-views.ts'
import { toQueuedView } from '../api/queued-view.ts'
import { JobCancelledError, JobTransitionError } from '../errors.ts'
import { toJobFailure } from '../frame/job-failure.ts'
import type { JobQueue } from '../frame/open-queue.ts'
import type { QueueName } from '../frame/queues.ts'
import { ConfirmationMismatchError } from '../limits/errors.ts'
import type { Claims } from '../orders/claims.ts'
import type { JobState, JobView } from '../orders/job-view.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecords } from '../records/job-records.ts'
import { type Act, queueActEvent, toAct } from './act-events.ts'

/** Jobs of one step; a queue may hold a hundred thousand. */
const STEP = 500
/** Steps of one call: a caller repeats it for what is left. */
const STEPS_MAX = 200

/** The lists of BullMQ that hold the jobs of a state. */
const LISTS_OF: Readonly<Record<Exclude<JobState, 'ACTIVE' | 'CANCELLED'>, readonly List[]>> = {
  WAITING: ['wait', 'prioritized'],
  DELAYED: ['delayed'],
  COMPLETED: ['completed'],
  FAILED: ['failed'],
}
type List = 'wait' | 'prioritized' | 'delayed' | 'completed' | 'failed'

type Command = Readonly<{ name: QueueName; state: JobState; confirm: string; reason: string; cause: Cause }>
/**
 * Removes the jobs of a queue that are in one state. Those that wait are cancelled; those that its subject looks after
 * (decisions and backtests) stay while they are open. Those that have ended keep their record.
 * @returns how many were removed.
 * @throws ConfirmationMismatchError unless `confirm` is the name; JobTransitionError for ACTIVE and CANCELLED.
 */
export type ClearQueue = (command: Command) => Promise<number>

type Dependencies = Readonly<{
  queueOf: (name: QueueName) => JobQueue
  views: Pick<JobViews, 'isOfSource'>
  records: Pick<JobRecords, 'cancel' | 'findMany'>
  claims: Pick<Claims, 'end'>
  onChange: ChangeOf
  mongo: MongoClient
  outbox: Outbox
  now: Clock
}>

export function createClearQueue(dependencies: Dependencies): ClearQueue {
  const { queueOf, mongo, outbox, now } = dependencies
  return async ({ name, state, confirm, reason, cause }) => {
    if (confirm !== name) throw new ConfirmationMismatchError(name)
    if (state === 'ACTIVE' || state === 'CANCELLED') throw new JobTransitionError('clear', state)
    if (reason.trim() === '') throw new BadUserInputError(['reason'], 'must not be blank')
    const act = toAct(reason, cause, now())
    const { use } = queueOf(name)
    // Before the act, so that one that ends half-way is on record as well: with the jobs that are there now.
    const jobs = await use((queue) => queue.getJobCountByTypes(...LISTS_OF[state]))
    const event = queueActEvent('queue.cleared', name, { state: [null, state], jobs: [null, jobs] }, act)
    await inTransaction(mongo, (session) => outbox.add([event], session))
    outbox.wake()
    if (state === 'COMPLETED' || state === 'FAILED') {
      return use((queue) => clean(queue, state === 'COMPLETED' ? 'completed' : 'failed'))
    }
    let removed = 0
    for (const list of LISTS_OF[state]) removed += await use((queue) => cancelAll(queue, list, act, dependencies))
    return removed
  }
}

async function clean(queue: Queue, list: 'completed' | 'failed'): Promise<number> {
  let removed = 0
  for (let step = 0; step < STEPS_MAX; step++) {
    const ids = await queue.clean(0, STEP, list)
    removed += ids.length
    if (ids.length < STEP) break
  }
  return removed
}

const CANCELLED = toJobFailure(new JobCancelledError())

async function cancelAll(
  queue: Queue,
  list: List,
  act: Act,
  { views, records, claims, onChange }: Dependencies,
): Promise<number> {
  const request = { by: act.cause.actor, reason: act.reason, at: act.at }
  let [removed, kept] = [0, 0]
  for (let step = 0; step < STEPS_MAX; step++) {
    const ids = await queue.getRanges([list], kept, kept + STEP - 1, true)
    if (ids.length === 0) break
    const open = ids.filter((id) => !views.isOfSource(id))
    kept += ids.length - open.length
    const recorded = await records.findMany(open)
    const asked = await Promise.all([...recorded.values()].map((record) => records.cancel(record, request)))
    for (const record of asked) if (record !== null) onChange(record)
    const queued = await readQueued(
      queue,
      open.filter((id) => !recorded.has(id)),
    )
    const counts = await Promise.all(open.map((id) => queue.remove(id)))
    const removedIds = open.filter((_, index) => counts[index]! > 0)
    await Promise.all(removedIds.map((id) => claims.end(id, { failure: CANCELLED })))
    for (const job of removedIds.flatMap((id) => queued.get(id) ?? [])) {
      onChange({ ...job, status: 'CANCELLED', failure: CANCELLED })
    }
    const gone = counts.reduce((sum, count) => sum + count, 0)
    removed += gone
    // A job that a worker holds by now is not removed from here, and not looked at again.
    kept += open.length - gone
  }
  return removed
}

/** Jobs that only their queue has: what is published of them is gone when they are removed. */
async function readQueued(queue: Queue, ids: readonly string[]): Promise<ReadonlyMap<string, JobView>> {
  const jobs = await Promise.all(ids.map((id) => queue.getJob(id)))
  const views = jobs.flatMap((job) => (job ? (toQueuedView(job, queue.name as QueueName, 'waiting') ?? []) : []))
  return new Map(views.map((view) => [view.id, view]))
}
