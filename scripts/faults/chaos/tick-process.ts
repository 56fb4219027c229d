/** Runs schedules on a fast clock, where it leads: opened as main.ts does. */
import { configOrExit } from '@redress/shared/process/config.ts'
import { serveHealthUntilStopped } from '@redress/shared/service/serve.ts'
import { readSubgraphConfig } from '../../../decision-service/src/config.ts'
import { openChanges } from '../../../decision-service/src/jobs/feed/open-changes.ts'
import { openJobStores } from '../../../decision-service/src/jobs/open-job-stores.ts'
import { createAddJobs } from '../../../decision-service/src/jobs/orders/add-jobs.ts'
import { openSchedules } from '../../../decision-service/src/jobs/schedules/open-schedules.ts'
import { CHAOS_TYPES } from '../../../decision-service/test/chaos-jobs.ts'
import { fastClock, TICKING } from './fast-clock.ts'
import { openPlatform } from './open-platform.ts'

const registry = CHAOS_TYPES
const config = configOrExit(readSubgraphConfig)
await using platform = await openPlatform('decisions', config)
const { queues, logger } = platform
const { onChange } = openChanges(platform)
const stores = openJobStores(platform, registry)
const { addJob } = createAddJobs({ ...stores, registry, queues, onChange, logger, now: () => new Date() })
await openSchedules(platform, {
  ...{ addJob, registry, installed: [TICKING], now: fastClock },
  findOutcome: async () => null,
})
await serveHealthUntilStopped(platform)
