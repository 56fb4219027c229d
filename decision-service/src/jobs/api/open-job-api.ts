import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import type { Collection } from 'mongodb'
import { createClearQueue } from '../acts/clear-queue.ts'
import { createJobActs } from '../acts/job-acts.ts'
import { createQueueSwitches } from '../acts/queue-switches.ts'
import type { SwitchDocument } from '../acts/switch-document.ts'
import { openDeadLetters } from '../dead-letters/open-dead-letters.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import type { QueueViews } from '../monitoring/queue-views.ts'
import { type JobCollections, openJobStores } from '../open-job-stores.ts'
import { createAddJobs } from '../orders/add-jobs.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import { createJobResolvers } from './job-resolvers.ts'
import { createJobViews, type JobSource } from './job-views.ts'
import { createPageOfQueue } from './queue-pages.ts'
import { createPageOfJobs } from './record-pages.ts'

export type ApiCollections = JobCollections & Readonly<{ queueSwitches: Collection<SwitchDocument> }>
export type ApiStores = Pick<Service, 'db' | 'mongo' | 'logger'> &
  Readonly<{ queues: Queues; collections: ApiCollections; outbox: Outbox }>

export type JobSubjects = Readonly<{
  registry: Registry
  /** Jobs whose records are a part of their subject. */
  sources: readonly JobSource[]
  jobsOfIssue: (issueId: string) => Promise<readonly string[]>
  queueViews: QueueViews
  onChange: ChangeOf
  /** Called after an act of a person on a queue. Never rejects. */
  onQueueAct: (name: QueueName) => Promise<void>
}>

const now = () => new Date()

/** Everything that callers read of jobs and queues, and do with them. */
export function openJobApi(stores: ApiStores, subjects: JobSubjects) {
  const { registry, sources, jobsOfIssue, queueViews, onChange, onQueueAct } = subjects
  const { mongo, db, queues, collections, outbox, logger } = stores
  const { records, claims } = openJobStores(stores, registry)
  const views = createJobViews({ records, queues, sources })
  const { deadLetters } = collections
  const common = { records, claims, queues, registry, views, deadLetters, mongo, db, outbox, onChange, logger, now }
  const letters = openDeadLetters(common)
  const shared = { ...common, ...letters }
  const switches = createQueueSwitches({ ...shared, collection: collections.queueSwitches })
  const addJobs = createAddJobs(shared)
  const jobResolvers = createJobResolvers({
    ...{ views, queueViews, addJobs, switches, jobsOfIssue, onQueueAct },
    pageOfJobs: createPageOfJobs(collections.jobRecords, sources),
    pageOfQueue: createPageOfQueue(queues, views),
    acts: createJobActs(shared),
    clearQueue: createClearQueue({ ...shared, queueOf: (name) => queues[name] }),
  })
  const { resolvers } = combineParts({ resolvers: jobResolvers }, letters)
  return { resolvers, switches, addJobs, views, records, claims, recoverRetried: letters.recover }
}
