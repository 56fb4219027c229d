import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '../../../../shared/src/service/repeat-on-leader.ts'
import type { JobViews } from '../api/job-views.ts'
import { createDeadJobs, type LetterCollections } from '../dead-letters/dead-jobs.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import { createCancelJob } from '../processors/cancellations.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { RecordCollection } from '../records/record-document.ts'
import { createAddFlow } from './add-flow.ts'
import { createFlowRecords } from './flow-records.ts'
import { createFlowResolvers } from './flow-resolvers.ts'
import { createRunFlows } from './run-flows.ts'

const RUN_EVERY_MS = 1_000
/** Of a round of some hundred jobs. */
const RUN_DEADLINE_MS = 30_000

type Stores = Service &
  Readonly<{
    collections: LetterCollections & Readonly<{ jobRecords: RecordCollection }>
    outbox: Outbox
    queues: Queues
  }>
type Options = Readonly<{
  records: Pick<JobRecords, 'cancel'>
  views: Pick<JobViews, 'many'>
  registry: Registry
  onChange: ChangeOf
}>

/** Adds flows of jobs, carries them on, on one leader, and shows which jobs belong together. */
export function openFlows(stores: Stores, { records, views, registry, onChange }: Options) {
  const { mongo, collections, outbox, queues, logger } = stores
  const flows = createFlowRecords({ mongo, collection: collections.jobRecords, registry })
  const cancelJob = createCancelJob({ records, queues, onChange, logger })
  const deadJobs = createDeadJobs({ mongo, collections, outbox, registry })
  const run = createRunFlows({ flows, cancelJob, deadJobs, onChange, queues, now: () => new Date() })
  repeatOnLeader(stores, {
    ...{ election: 'flows', everyMs: RUN_EVERY_MS, deadlineMs: RUN_DEADLINE_MS, run },
    onFailure: 'flows not carried on yet',
  })
  const addFlow = createAddFlow({ registry, flows, onChange, queues, logger, now: () => new Date() })
  return { resolvers: createFlowResolvers({ addFlow, flows, views }) }
}
