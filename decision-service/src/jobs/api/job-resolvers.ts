import type { PageArguments } from '@redress/shared/connection.ts'
import { type AppError, BadUserInputError } from '@redress/shared/errors.ts'
import type { FieldInfo } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { ClearQueue } from '../acts/clear-queue.ts'
import type { JobActs } from '../acts/job-acts.ts'
import type { QueueSwitches } from '../acts/queue-switches.ts'
import { QueueNotFoundError } from '../errors.ts'
import { textOf } from '../frame/job-failure.ts'
import { isQueueName, type QueueName } from '../frame/queues.ts'
import type { QueueViews } from '../monitoring/queue-views.ts'
import type { AddJobs } from '../orders/add-jobs.ts'
import type { JobState, JobView } from '../orders/job-view.ts'
import type { Order } from '../orders/order.ts'
import type { AddedJob } from '../orders/store-plans.ts'
import { checkOrders } from './check-orders.ts'
import type { JobFilter } from './job-filter.ts'
import type { JobViews } from './job-views.ts'
import { maySee, maySeeAll } from './may-see.ts'
import type { PageOfQueue } from './queue-pages.ts'
import type { PageOfJobs } from './record-pages.ts'

type Context = RequestContext<unknown>
type ById = Readonly<{ id: string }>
type Reasoned = Readonly<{ reason: string }>
type ByName = Readonly<{ name: string }>
type ListArguments = PageArguments & Readonly<{ filter?: JobFilter | null }>
type BatchArguments = Readonly<{ inputs: readonly Order[]; stopOnError?: boolean | null; validateAll?: boolean | null }>
type ClearArguments = ByName & Reasoned & Readonly<{ state: JobState; confirm: string }>
type QueueArguments = PageArguments & Readonly<{ state?: readonly JobState[] | null }>

export type JobApi = Readonly<{
  views: JobViews
  queueViews: QueueViews
  pageOfJobs: PageOfJobs
  pageOfQueue: PageOfQueue
  addJobs: AddJobs
  acts: JobActs
  switches: QueueSwitches
  clearQueue: ClearQueue
  /** The ids of the jobs of an issue, oldest first. */
  jobsOfIssue: (issueId: string) => Promise<readonly string[]>
  /** Called after an act of a person on a queue. */
  onQueueAct: (name: QueueName) => Promise<void>
}>

/** GraphQL on one side, jobs and queues on the other. */
export function createJobResolvers(api: JobApi) {
  const { views, queueViews, pageOfJobs, pageOfQueue, jobsOfIssue } = api
  const find = async (id: string, { principal }: Context) => {
    const [job = null] = await views.many([id])
    return job !== null && maySee(principal, job) ? job : null
  }
  return {
    Query: {
      queues: () => queueViews.all(),
      queue: (_: unknown, { name }: ByName) => queueViews.find(name),
      job: (_: unknown, { id }: ById, context: Context) => find(id, context),
      jobs: (_: unknown, { filter, ...page }: ListArguments, { principal }: Context) =>
        pageOfJobs({ ...filter, ...(!maySeeAll(principal) && { actor: principal.id }) }, page),
    },
    Mutation: { ...createAddMutations(api), ...createJobMutations(api) },
    Queue: {
      __resolveReference: ({ name }: ByName) => queueViews.find(name),
      jobs: ({ name }: Readonly<{ name: QueueName }>, { state = null, ...page }: QueueArguments) =>
        pageOfQueue(name, state, page),
    },
    Job: {
      __resolveReference: ({ id }: ById, context: Context) => find(id, context),
      queue: ({ queue }: JobView) => queueViews.find(queue),
      failure: ({ failure }: JobView) => failure && textOf(failure),
      parent: ({ parentId }: JobView, _: unknown, context: Context) =>
        parentId === null ? null : find(parentId, context),
    },
    // In this subgraph, so that a job that is gone is null: the gateway cannot know it.
    JobUpdated: {
      __resolveReference: ({ jobId }: Readonly<{ jobId: string }>) => ({ jobId }),
      job: ({ jobId }: Readonly<{ jobId: string }>, _: unknown, context: Context) => find(jobId, context),
    },
    Issue: {
      jobs: async ({ id }: ById) => (await views.many(await jobsOfIssue(id))).filter((job) => job !== null),
    },
  }
}

function createAddMutations({ views, addJobs }: Pick<JobApi, 'views' | 'addJobs'>) {
  const asItIs = createAsItIs(views)
  const asking = (context: Context) => ({ cause: causeOf(context), caller: context.principal })
  return {
    async addJob(_: unknown, { input }: Readonly<{ input: Order }>, context: Context, info: FieldInfo) {
      const added = await addJobs.addJob(checkOrders(info, 'input', [input])[0]!, asking(context))
      return (await asItIs([added]))[0]
    },
    async addJobs(_: unknown, given: BatchArguments, context: Context, info: FieldInfo) {
      const { inputs, stopOnError, validateAll } = given
      const options = { stopOnError: stopOnError ?? false, validateAll: validateAll ?? false }
      const orders = checkOrders(info, 'inputs', inputs)
      const { jobs, errors } = await addJobs.addJobs(orders, { ...asking(context), ...options })
      const counts = { total: inputs.length, successful: jobs.length, failed: errors.length }
      return { ...counts, jobs: await asItIs(jobs), errors: errors.map(toRowError) }
    },
  }
}

function createJobMutations({ acts, switches, clearQueue, queueViews, onQueueAct }: JobApi) {
  const toPayload = async (name: QueueName) => {
    await onQueueAct(name)
    return { queue: await queueViews.find(name) }
  }
  return {
    retryJob: async (_: unknown, { id, reason }: ById & Reasoned, context: Context) => ({
      job: await acts.retry({ id, reason, cause: causeOf(context) }),
    }),
    cancelJob: async (_: unknown, { id, reason }: ById & Reasoned, context: Context) => ({
      job: await acts.cancel({ id, reason, cause: causeOf(context) }),
    }),
    async pauseQueue(_: unknown, { name, reason }: ByName & Reasoned, context: Context) {
      const queue = toQueueName(name)
      await switches.pause({ name: queue, reason, cause: causeOf(context) })
      return toPayload(queue)
    },
    async resumeQueue(_: unknown, { name, reason }: ByName & Reasoned, context: Context) {
      const queue = toQueueName(name)
      await switches.resume({ name: queue, reason, cause: causeOf(context) })
      return toPayload(queue)
    },
    async clearQueue(_: unknown, { name, ...rest }: ClearArguments, context: Context) {
      const queue = toQueueName(name)
      const removed = await clearQueue({ ...rest, name: queue, cause: causeOf(context) })
      return { removed, ...(await toPayload(queue)) }
    },
  }
}

/** Shows repeated jobs as they are now, as far as they are still kept. */
function createAsItIs(views: JobViews) {
  return async <T extends AddedJob>(added: readonly T[]): Promise<readonly T[]> => {
    const repeated = added.filter(({ isNew }) => !isNew)
    if (repeated.length === 0) return added
    const found = await views.many(repeated.map(({ job }) => job.id))
    const now = new Map(found.flatMap((job) => (job === null ? [] : [[job.id, job] as const])))
    return added.map((one) => ({ ...one, job: now.get(one.job.id) ?? one.job }))
  }
}

/** @throws QueueNotFoundError */
function toQueueName(name: string): QueueName {
  if (!isQueueName(name)) throw new QueueNotFoundError(name)
  return name
}

function toRowError({ index, error }: Readonly<{ index: number; error: AppError }>) {
  const problems = error instanceof BadUserInputError ? error.facts.problems : null
  return { index, code: error.code, message: error.message, path: problems?.[0]?.path ?? null, problems }
}
