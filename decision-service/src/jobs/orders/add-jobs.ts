import { AppError, BadUserInputError, IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { Claims } from './claims.ts'
import { type Order, type Plan, planJob } from './order.ts'
import { type AddedJob, type Asking, createStorePlans, type StoredPlan } from './store-plans.ts'

export const BATCH_MAX = 100

export type BatchOptions = Asking &
  Readonly<{
    /** Adds nothing where one order is refused, and gives only the first refusal. */
    stopOnError?: boolean
    /** Adds nothing where one order is refused, and gives every refusal. */
    validateAll?: boolean
  }>

export type Batch = Readonly<{
  /** In the order of the orders, by their places. */
  jobs: readonly (AddedJob & Readonly<{ index: number }>)[]
  errors: readonly Readonly<{ index: number; error: AppError }>[]
}>

export type AddJobs = Readonly<{
  /**
   * Adds a job. One with a record is queued after it is stored; that may fail, and recovery queues it later.
   * @throws what `planJob` throws; IdempotencyConflictError for a key with other data; StoreUnavailableError.
   */
  addJob(order: Order, asking: Asking): Promise<AddedJob>
  /**
   * Adds 1 to 100 jobs. A refused one does not keep the others from being added, unless an option says so.
   * @throws BadUserInputError for another number; StoreUnavailableError.
   */
  addJobs(orders: readonly Order[], options: BatchOptions): Promise<Batch>
}>

type Dependencies = Readonly<{
  registry: Registry
  records: Pick<JobRecords, 'add' | 'findMany' | 'remove'>
  claims: Pick<Claims, 'claim' | 'find' | 'release'>
  queues: Queues
  onChange: ChangeOf
  logger: Logger
  now: Clock
}>

export function createAddJobs(dependencies: Dependencies): AddJobs {
  const { registry, now } = dependencies
  const { store, findConflicts, takeBack, enqueue } = createStorePlans(dependencies)

  const plan = (order: Order, { cause, caller }: Asking, path: readonly string[]): Plan =>
    planJob(order, { registry, orderer: { actor: cause.actor, caller }, now: now(), path })

  return {
    async addJob(order, asking) {
      const [stored] = await store([plan(order, asking, ['input'])], asking)
      const outcome = checkRepeat(stored!)
      if (outcome instanceof AppError) throw outcome
      await enqueue([stored!], asking)
      return outcome
    },
    async addJobs(orders, { stopOnError = false, validateAll = false, ...asking }) {
      checkCount(orders.length)
      const isAllOrNothing = stopOnError || validateAll
      const refuseAll = (errors: Batch['errors']) => ({ jobs: [], errors: stopOnError ? errors.slice(0, 1) : errors })
      const planned = orders.map((order, index) => attempt(() => plan(order, asking, ['inputs', String(index)])))
      const refused = toErrors(planned)
      if (isAllOrNothing && refused.length > 0) return refuseAll(refused)

      const places = planned.flatMap((one, index) => (one instanceof AppError ? [] : [index]))
      const plans = places.map((index) => planned[index] as Plan)
      const known = isAllOrNothing ? await findConflicts(plans) : []
      if (known.length > 0) return refuseAll(known.map((plan) => toConflict(plan, places[plans.indexOf(plan)]!)))
      const stored = await store(plans, asking)
      const outcomes = stored.map(checkRepeat)
      const conflicts = toErrors(outcomes).map(({ index, error }) => ({ index: places[index]!, error }))
      if (isAllOrNothing && conflicts.length > 0) {
        await takeBack(stored)
        return refuseAll(conflicts)
      }
      await enqueue(stored, asking)
      const jobs = outcomes.flatMap((one, at) => (one instanceof AppError ? [] : [{ ...one, index: places[at]! }]))
      return { jobs, errors: [...refused, ...conflicts].sort((one, other) => one.index - other.index) }
    },
  }
}

function checkCount(orders: number): void {
  if (orders < 1 || orders > BATCH_MAX) throw new BadUserInputError(['inputs'], `must have 1 to ${BATCH_MAX} entries`)
}

function attempt<T>(work: () => T): T | AppError {
  try {
    return work()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

function toErrors(outcomes: readonly unknown[]) {
  return outcomes.flatMap((error, index) => (error instanceof AppError ? [{ index, error }] : []))
}

/** Refuses a key of the caller that an order with other data has used. The key of a type says what equal orders are. */
function checkRepeat({ plan, job, isNew, isConflict }: StoredPlan): AddedJob | AppError {
  return isConflict ? new IdempotencyConflictError(plan.givenKey!) : { job, isNew }
}

const toConflict = ({ givenKey }: Plan, index: number) => ({ index, error: new IdempotencyConflictError(givenKey!) })
