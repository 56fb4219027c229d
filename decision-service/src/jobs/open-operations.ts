import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { combineParts } from '../../../shared/src/subgraph/combine-parts.ts'
import type { FileCollections } from './files/mongo-files.ts'
import { openFiles } from './files/open-files.ts'
import { openFlows } from './flows/open-flows.ts'
import type { Registry } from './frame/job-definition.ts'
import type { Queues } from './frame/open-queues.ts'
import { type LimitCollections, type LimitsConfig, openLimitActs } from './limits/open-limits.ts'
import type { JobCollections } from './open-job-stores.ts'
import type { openJobs } from './open-jobs.ts'
import { createFindOutcome } from './schedules/find-outcome.ts'
import type { ScheduleCollections } from './schedules/mongo-schedules.ts'
import { openSchedules } from './schedules/open-schedules.ts'
import type { ScheduleContent } from './schedules/schedule.ts'

type Stores = Service &
  Readonly<{
    collections: LimitCollections & JobCollections & FileCollections & ScheduleCollections
    outbox: Outbox
    queues: Queues
  }>

type Config = Readonly<{
  limits: LimitsConfig
  queues: Readonly<{ registry: Registry }>
  /** The schedules that Redress installs. */
  maintenance: readonly ScheduleContent[]
  /** Signs the links to files: 64 hexadecimal digits. */
  downloadKey: string
}>

type Jobs = Pick<ReturnType<typeof openJobs>, 'isLeader' | 'addJobs' | 'views' | 'records' | 'claims' | 'onChange'>

/** Opens limits, schedules, flows and files, with their queries and mutations. */
export async function openOperations(
  stores: Stores,
  { limits, queues: { registry }, maintenance: installed, downloadKey }: Config,
  { isLeader, addJobs, views, records, claims, onChange }: Jobs,
) {
  const { addJob } = addJobs
  return combineParts(
    openLimitActs(stores, limits, isLeader),
    openFiles(stores, { views, downloadKey }),
    openFlows(stores, { records, views, registry, onChange }),
    await openSchedules(stores, { addJob, findOutcome: createFindOutcome({ views, claims }), registry, installed }),
  )
}
