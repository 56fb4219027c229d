import type { Part } from '@redress/shared/stores/pagination.ts'
import type { JobState as BullState, Job } from 'bullmq'
import type { Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import { queueOfId } from '../orders/job-id.ts'
import { type JobView, toView } from '../orders/job-view.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { JobFilter } from './job-filter.ts'
import { toQueuedView } from './queued-view.ts'

/** Jobs whose records are a part of their subject, as it shows them. */
export type JobSource = Readonly<{
  queue: QueueName
  /** The prefix of their ids. */
  prefix: string
  find(ids: readonly string[]): Promise<readonly JobView[]>
  /** The jobs of a filter, for a list with those of others: each part is one walk along an index by `createdAt`. */
  parts(filter: JobFilter): readonly Part<JobView>[]
}>

export type JobViews = Readonly<{
  /** One view for each id, in order; null where there is no such job, or it was removed when it had ended. */
  many(ids: readonly string[]): Promise<readonly (JobView | null)[]>
  /** Whether a job belongs to a subject that looks after it itself. */
  isOfSource(id: string): boolean
}>

type Dependencies = Readonly<{
  records: Pick<JobRecords, 'findMany'>
  queues: Queues
  sources: readonly JobSource[]
}>
type Queued = Readonly<{ job: Job; state: BullState | 'unknown' }>

/** Jobs from wherever they are kept: their record says what they are, their queue whether they are delayed. */
export function createJobViews({ records, queues, sources }: Dependencies): JobViews {
  const sourceOf = (id: string) => sources.find(({ prefix }) => id.startsWith(prefix))

  const findRecorded = async (ids: readonly string[]): Promise<ReadonlyMap<string, JobView>> => {
    const own = ids.filter((id) => sourceOf(id) === undefined)
    const ofSources = await Promise.all(
      sources.map((source) => source.find(ids.filter((id) => sourceOf(id) === source))),
    )
    const found = own.length === 0 ? [] : [...(await records.findMany(own)).values()]
    const views = [...ofSources.flat(), ...found.map((record) => toView(record, new Date()))]
    return new Map(views.map((view) => [view.id, view]))
  }
  return {
    isOfSource: (id) => sourceOf(id) !== undefined,
    async many(ids) {
      const recorded = await findRecorded(ids)
      return Promise.all(
        ids.map(async (id) => {
          const view = recorded.get(id)
          const queue = view?.queue ?? sourceOf(id)?.queue ?? queueOfId(id)
          // A job that has ended on record has nothing to learn from its queue.
          if (queue === null || view?.endedAt) return view ?? null
          const queued = await findQueued(queues, queue, id, view !== undefined)
          if (view === undefined) return queued && toQueuedView(queued.job, queue, queued.state)
          return queued === null ? view : withQueued(view, queued)
        }),
      )
    },
  }
}

/** The part of an open job that only its queue has: its delay, and its attempts where no record counts them. */
function withQueued(view: JobView, { job, state }: Queued): JobView {
  const attempts = Math.max(view.attempts, job.attemptsMade)
  return { ...view, attempts, state: view.state === 'WAITING' && state === 'delayed' ? 'DELAYED' : view.state }
}

/** A job with a record is shown although its queue is away. */
async function findQueued(queues: Queues, queue: QueueName, id: string, isRecorded: boolean): Promise<Queued | null> {
  const found = queues[queue].use(async (bull) => {
    const job = await bull.getJob(id)
    return job ? { job, state: await bull.getJobState(id) } : null
  })
  return isRecorded ? found.catch(() => null) : found
}
