import { isDeepStrictEqual } from 'node:util'
import { IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import { planJob } from '../orders/order.ts'
import type { Asking } from '../orders/store-plans.ts'
import { toOrdered } from '../orders/store-plans.ts'
import { type JobRecord, toRecord } from '../records/job-record.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { type Flow, type FlowPart, planFlow } from './flow.ts'
import type { FlowRecords } from './flow-records.ts'

export type AddedFlow = Readonly<{
  /** The job that waits for all others. */
  job: JobRecord
  /** False where an earlier flow had the same idempotency key: `job` is the first one of that. */
  isNew: boolean
}>

/**
 * Adds a job and the jobs that it waits for, all or none. Those that wait for nothing are queued after that; that may
 * fail, and recovery queues them later.
 * @throws what `planFlow` and `planJob` throw; IdempotencyConflictError for a key with other data; StoreUnavailableError.
 */
export type AddFlow = (flow: Flow, asking: Asking) => Promise<AddedFlow>

type Dependencies = Readonly<{
  registry: Registry
  flows: Pick<FlowRecords, 'add'>
  queues: Queues
  logger: Logger
  now: Clock
}>

export function createAddFlow({ registry, flows, queues, logger, now }: Dependencies): AddFlow {
  return async (flow, asking) => {
    const at = now()
    const orderer = { actor: asking.cause.actor, caller: asking.caller }
    const parts = planFlow(flow, (order, path) => planJob(order, { registry, orderer, now: at, path }))
    const toJob = ({ plan, ...rest }: FlowPart) => ({ record: toRecord(toOrdered(plan, asking), at), ...rest })
    const jobs = parts.map(toJob)

    const there = await flows.add(jobs)
    const [first] = jobs
    if (there !== null) {
      const { givenKey } = parts[0]!.plan
      const isOther = givenKey !== null && !isDeepStrictEqual(there.data, first!.record.data)
      if (isOther) throw new IdempotencyConflictError(givenKey)
      return { job: there, isNew: false }
    }
    const leaves = jobs.filter(({ isParent }) => !isParent)
    for (const [name, ofQueue] of Map.groupBy(leaves, ({ record }) => record.queue)) {
      const late = (err: unknown) => logger.warn({ err, queue: name, jobs: ofQueue.length }, 'jobs are queued later')
      await queues[name].add(ofQueue.map(({ record }) => toNewJob(record))).catch(late)
    }
    return { job: first!.record, isNew: true }
  }
}
