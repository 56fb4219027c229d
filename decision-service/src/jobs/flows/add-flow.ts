import { hash } from 'node:crypto'
import { toCanonicalJson } from '@redress/shared/canonical-json.ts'
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
import { queueRecorded } from '../records/queue-recorded.ts'
import { type Flow, type FlowPart, planFlow } from './flow.ts'
import type { FlowRecords } from './flow-records.ts'

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
  onChange: ChangeOf
  queues: Queues
  logger: Logger
  now: Clock
}>

export function createAddFlow(dependencies: Dependencies): AddFlow {
  const { registry, flows, onChange, now } = dependencies
  return async (flow, asking) => {
    const at = now()
    const orderer = { actor: asking.cause.actor, caller: asking.caller }
    const parts = planFlow(flow, (order, path) => planJob(order, { registry, orderer, now: at, path }))
    const toJob = ({ plan, ...rest }: FlowPart) => ({ record: toRecord(toOrdered(plan, asking), at), ...rest })
    const jobs = parts.map(toJob)

    const flowHash = hashOf(parts)
    const there = await flows.add(jobs, flowHash)
    if (there !== null) {
      const { givenKey } = parts[0]!.plan
      if (givenKey !== null && there.flowHash !== flowHash) throw new IdempotencyConflictError(givenKey)
      return { job: there.job, isNew: false }
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

/** The same for equal jobs that wait for each other in the same way. Their ids tell types and places apart. */
function hashOf(parts: readonly FlowPart[]): string {
  const content = parts.map(({ plan: { id, data, parentId }, onFailure }) => ({ id, data, parentId, onFailure }))
  return hash('sha256', toCanonicalJson(content), 'hex')
}
