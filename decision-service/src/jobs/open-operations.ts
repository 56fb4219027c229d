import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { combineParts } from '../../../shared/src/subgraph/combine-parts.ts'
import type { Registry } from './frame/job-definition.ts'
import type { Queues } from './frame/open-queues.ts'
import { type LimitCollections, type LimitsConfig, openLimitActs } from './limits/open-limits.ts'
import { type JobCollections, openJobStores } from './open-job-stores.ts'
import { createAddJobs } from './orders/add-jobs.ts'
import { logChanges } from './processors/log-changes.ts'
import type { ScheduleCollections } from './schedules/mongo-schedules.ts'
import { openSchedules } from './schedules/open-schedules.ts'
import type { ScheduleContent } from './schedules/schedule.ts'

type Stores = Service &
  Readonly<{ collections: LimitCollections & JobCollections & ScheduleCollections; outbox: Outbox; queues: Queues }>

type Config = Readonly<{
  limits: LimitsConfig
  queues: Readonly<{ registry: Registry }>
  /** The schedules that Redress installs. */
  maintenance: readonly ScheduleContent[]
}>

/** What people see of queued work beside its queues, and what they can do about it. */
export async function openOperations(
  stores: Stores,
  { limits, queues: { registry }, maintenance }: Config,
  mayReport: () => boolean,
) {
  const { queues, logger } = stores
  const { addJob } = createAddJobs({
    ...{ ...openJobStores(stores, registry), registry, queues },
    ...{ onChange: logChanges(logger), logger, now: () => new Date() },
  })
  return combineParts(
    openLimitActs(stores, limits, mayReport),
    await openSchedules(stores, { addJob, registry, installed: maintenance }),
  )
}
