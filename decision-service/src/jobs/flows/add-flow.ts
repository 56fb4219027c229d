import { isSameJson } from '@redress/shared/canonical-json.ts'
import { IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import { planJob } from '../orders/order.ts'
import type { Asking } from '../orders/store-plans.ts'
import { toOrdered } from '../orders/store-plans.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import { type JobRecord, toRecord } from '../records/job-record.ts'
import type { JobRecords } from '../records/job-records.ts'
import { queueRecorded } from '../records/queue-recorded.ts'
import { type Flow, type FlowPart, planFlow } from './flow.ts'
import type { FlowJob, FlowRecords } from './flow-records.ts'

export type AddedFlow = Readonly<{
  /** The job that waits for all others. */
  job: JobRecord
  /** False where an earlier flow had the same idempotency key: `job` is the first one of that. */
  isNew: boolean
}>

/**
 * Adds jobs that wait for each other, all or none. Those that wait for nothing are queued after that; that may fail, and
 * recovery queues them later.
 * @throws what `planFlow` and `planJob` throw; IdempotencyConflictError for a key with another flow; StoreUnavailableError.
 */
export type AddFlow = (flow: Flow, asking: Asking) => Promise<AddedFlow>

type Dependencies = Readonly<{
  registry: Registry
  flows: Pick<FlowRecords, 'add'>
  records: Pick<JobRecords, 'findMany'>
  onChange: ChangeOf
  queues: Queues
  logger: Logger
  now: Clock
}>

export function createAddFlow(dependencies: Dependencies): AddFlow {
  const { registry, flows, records, onChange, now } = dependencies
  return async (flow, asking) => {
    const at = now()
    const orderer = { actor: asking.cause.actor, caller: asking.caller }
    const parts = planFlow(flow, (order, path) => planJob(order, { registry, orderer, now: at, path }))
    const toJob = ({ plan, ...rest }: FlowPart) => ({ record: toRecord(toOrdered(plan, asking), at), ...rest })
    const jobs = parts.map(toJob)

    const there = await flows.add(jobs)
    if (there !== null) {
      const { givenKey } = parts[0]!.plan
      if (givenKey !== null && (await isOther(jobs, there, records))) throw new IdempotencyConflictError(givenKey)
      return { job: there, isNew: false }
    }
    for (const { record } of jobs) onChange(record)
    const leaves = jobs.filter(({ isParent }) => !isParent)
    await queueRecorded(
      leaves.map(({ record }) => record),
      dependencies,
    )
    return { job: jobs[0]!.record, isNew: true }
  }
}

/** Whether a flow differs from the stored one with its key, as far as the jobs of that are still kept. */
async function isOther(jobs: readonly FlowJob[], first: JobRecord, records: Dependencies['records']): Promise<boolean> {
  const stored = await records.findMany(jobs.map(({ record }) => record.id))
  return jobs.some(({ record }, index) => {
    const there = index === 0 ? first : stored.get(record.id)
    return there !== undefined && !isSameJson(contentOf(there), contentOf(record))
  })
}

const contentOf = ({ data, parentId }: JobRecord) => ({ data, parentId })
