import { hash } from 'node:crypto'
import type { Principal } from '@redress/shared/access/permissions.ts'
import { isSameJson, toCanonicalJson } from '@redress/shared/canonical-json.ts'
import { type Cause, tracedBy } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { NewJob } from '../frame/open-queue.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { QueuedJob } from '../processors/queued-handler.ts'
import { toRecord } from '../records/job-record.ts'
import type { JobRecords } from '../records/job-records.ts'
import { queueRecorded } from '../records/queue-recorded.ts'
import type { Claims, NewClaim } from './claims.ts'
import { isKeyedId } from './job-id.ts'
import { type JobView, toView } from './job-view.ts'
import type { Plan } from './order.ts'

export type AddedJob = Readonly<{
  job: JobView
  /** False where an earlier order had the same idempotency key: `job` is that one, with its result if it has ended. */
  isNew: boolean
}>

export type Asking = Readonly<{
  cause: Pick<Cause, 'actor' | 'requestId' | 'trace'>
  /** The caller who asks, and may order only some types; null for this service itself. */
  caller: Principal | null
}>

export type StoredPlan = AddedJob &
  Readonly<{
    plan: Plan
    /** Whether it has to be queued: it is new, or its first order was lost before it was queued, or with Redis since. */
    isToQueue: boolean
    /** Whether it repeats a key of the caller that an order with other data has used. */
    isConflict: boolean
  }>

type Dependencies = Readonly<{
  records: Pick<JobRecords, 'add' | 'findMany' | 'remove'>
  claims: Pick<Claims, 'claim' | 'find' | 'release'>
  queues: Queues
  onChange: ChangeOf
  logger: Logger
  now: Clock
}>

/** The effects of adding jobs: their records and keys first, then their queues. */
export function createStorePlans(dependencies: Dependencies) {
  const { records, claims } = dependencies
  return {
    /** Stores records, and claims the keys of jobs without one. What is there already is given as it is. */
    store: (plans: readonly Plan[], asking: Asking): Promise<readonly StoredPlan[]> =>
      storeAll(plans, asking, dependencies),
    /** The plans whose key an order with other data has used, as it is known without storing them. */
    findConflicts: (plans: readonly Plan[]) => findConflicts(plans, dependencies),
    /**
     * Undoes `store`, for what is new and was not queued. Another order with one of the keys may have been answered with
     * such a job: what is known before is therefore not stored at all.
     */
    async takeBack(stored: readonly StoredPlan[]): Promise<void> {
      const ids = stored.filter(({ isNew }) => isNew).map(({ plan }) => plan.id)
      await records.remove(ids)
      await Promise.all(ids.filter(isKeyedId).map((id) => claims.release(id)))
    },
    /** Queues what is not queued; what is stays as it is. A job with a record is stored already, so that it is queued later where its queue is away. */
    async enqueue(stored: readonly StoredPlan[], asking: Asking): Promise<void> {
      const open = stored.filter(({ isToQueue }) => isToQueue)
      // Before a worker can take them: who follows a job would see it waiting after its end.
      for (const { job } of open.filter(({ isNew }) => isNew))
        dependencies.onChange({ ...job, status: 'PENDING', isDelayed: job.state === 'DELAYED' })
      for (const inQueue of Map.groupBy(open, ({ job }) => job.queue).values()) {
        await enqueueIn(inQueue, asking, dependencies)
      }
    },
  }
}

async function storeAll(plans: readonly Plan[], asking: Asking, { records, claims, now }: Dependencies) {
  const at = now()
  const toJob = (plan: Plan) => toRecord(toOrdered(plan, asking), at)
  const recorded = plans.filter(isRecorded)
  const added = recorded.length === 0 ? [] : await records.add(recorded.map(toJob))
  const byPlan = new Map(recorded.map((plan, index) => [plan, added[index]!]))

  return Promise.all(
    plans.map(async (plan): Promise<StoredPlan> => {
      const there = byPlan.get(plan)
      // Recovery queues a recorded job that is not queued.
      if (there) {
        const { record, isNew } = there
        const isConflict = !isNew && plan.givenKey !== null && !isSameJson(record.data, plan.data)
        return { plan, job: toView(record, at), isNew, isToQueue: isNew, isConflict }
      }
      const job = toView(toJob(plan), at)
      const claimed = isKeyedId(plan.id) ? await claims.claim(toClaim(plan, job), at) : null
      if (claimed === null) return { plan, job, isNew: true, isToQueue: true, isConflict: false }
      const isConflict = plan.givenKey !== null && claimed.dataHash !== hashOf(plan.data)
      const isToQueue = claimed.status === 'IN_PROGRESS' && !isConflict
      return { plan, job: { ...job, ...claimed.order, ...toOutcome(claimed) }, isNew: false, isToQueue, isConflict }
    }),
  )
}

async function findConflicts(plans: readonly Plan[], { records, claims }: Dependencies): Promise<readonly Plan[]> {
  const keyed = plans.filter(({ givenKey }) => givenKey !== null)
  const stored = await records.findMany(keyed.filter(isRecorded).map(({ id }) => id))
  const isConflict = async (plan: Plan): Promise<boolean> => {
    const record = stored.get(plan.id)
    if (record !== undefined) return !isSameJson(record.data, plan.data)
    const claim = isRecorded(plan) ? null : await claims.find(plan.id)
    return claim !== null && claim.dataHash !== hashOf(plan.data)
  }
  const are = await Promise.all(keyed.map(isConflict))
  return keyed.filter((_, index) => are[index])
}

function toClaim({ id, data, definition: { retentionDays } }: Plan, job: JobView): NewClaim {
  const { actor, priority, maxAttempts, scheduledFor, createdAt } = job
  const order = { actor, priority, maxAttempts, scheduledFor, createdAt }
  return { id, dataHash: hashOf(data), order, retentionDays }
}

/** The same for equal data, in whatever order its keys are. */
const hashOf = (data: object) => hash('sha256', toCanonicalJson(data), 'hex')

const isRecorded = ({ definition }: Plan) => definition.tier === 'CRITICAL'

/** The record of a planned job, beside what every new record has. */
export function toOrdered(
  { id, type, definition, data, priority, attempts, dueAt, parentId }: Plan,
  { cause }: Asking,
) {
  const { actor, requestId, trace } = cause
  const { queue } = definition
  const facts = {
    id,
    type,
    queue,
    data,
    priority,
    maxAttempts: attempts,
    scheduledFor: dueAt,
    parentId,
    actor,
    requestId,
  }
  return trace === undefined ? facts : { ...facts, trace }
}

type Claimed = NonNullable<Awaited<ReturnType<Claims['claim']>>>

/** The part of the first job that a repetition receives. */
function toOutcome(claim: Claimed): Partial<JobView> {
  if (claim.status === 'IN_PROGRESS') return {}
  const { startedAt, endedAt } = claim
  if (claim.status === 'COMPLETED') {
    return { state: 'COMPLETED', progress: 100, result: claim.result, startedAt, endedAt }
  }
  const { failure } = claim
  return { state: failure.code === 'JOB_CANCELLED' ? 'CANCELLED' : 'FAILED', failure, startedAt, endedAt }
}

async function enqueueIn(stored: readonly StoredPlan[], asking: Asking, { queues, claims, logger }: Dependencies) {
  const queue = queues[stored[0]!.job.queue]
  const recorded = stored.filter(({ plan }) => isRecorded(plan))
  const others = stored.filter(({ plan }) => !isRecorded(plan))
  await queueRecorded(
    recorded.map(({ plan }) => toOrdered(plan, asking)),
    { queues, logger },
  )
  try {
    if (others.length > 0) await queue.add(others.map((one) => toQueued(one, asking)))
  } catch (error) {
    const claimed = others.filter(({ plan, isNew }) => isNew && isKeyedId(plan.id))
    await Promise.all(claimed.map(({ plan }) => claims.release(plan.id)))
    throw error
  }
}

/** As the first order of its key asked for it, also where a repetition queues it again. */
function toQueued({ plan: { id, type, data, parentId }, job }: StoredPlan, { cause }: Asking): NewJob {
  const { actor, priority, maxAttempts: attempts, scheduledFor: dueAt } = job
  const { requestId, trace } = cause
  const queued: QueuedJob = { data, actor, requestId, ...(parentId !== null && { parentId }), ...tracedBy(trace) }
  return { id, type, data: queued, priority, attempts, dueAt }
}
