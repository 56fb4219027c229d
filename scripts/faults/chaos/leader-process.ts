/** Adds the jobs of the chaos run, and leads: put together as the jobs of main.ts are. */

import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { AppError } from '@redress/shared/errors.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { startHttpServer } from '@redress/shared/process/http.ts'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { readSubgraphConfig } from '../../../decision-service/src/config.ts'
import { createAddFlow } from '../../../decision-service/src/jobs/flows/add-flow.ts'
import { createFlowRecords } from '../../../decision-service/src/jobs/flows/flow-records.ts'
import { openJobs } from '../../../decision-service/src/jobs/open-jobs.ts'
import { openOperations } from '../../../decision-service/src/jobs/open-operations.ts'
import { CHAOS_TYPES } from '../../../decision-service/test/chaos-jobs.ts'
import { openPlatform } from './open-platform.ts'
import type { ChaosOrder } from './orders.ts'

export type Acknowledged = Readonly<{ id: string; isNew: boolean }>
export type Refused = Readonly<{ code: string }>

const registry = CHAOS_TYPES
const ASKING = { cause: { actor: 'chaos', requestId: 'chaos' }, caller: null } as const

const config = configOrExit(readSubgraphConfig)
await using platform = await openPlatform('decisions', config)
const jobs = openJobs(platform, {
  ...{ ...config.queues, registry, thresholds: config.queueThresholds },
  ...{ recoverEach: [], findOldest: {}, sources: [], jobsOfIssue: async () => [] },
})
await openOperations(platform, { ...config, queues: { registry }, maintenance: [] }, jobs)

const { mongo, collections, queues, logger } = platform
const addFlow = createAddFlow({
  ...{ registry, queues, logger, onChange: jobs.onChange, now: () => new Date() },
  flows: createFlowRecords({ mongo, collection: collections.jobRecords, registry }),
})

async function add({ key: idempotencyKey, jobs: [first, ...children] }: ChaosOrder): Promise<Acknowledged> {
  const order = { ...first!, idempotencyKey }
  const flow = [order, ...children.map((child) => ({ ...child, parent: 0 }))]
  const { job, isNew } = await (children.length > 0 ? addFlow(flow, ASKING) : jobs.addJobs.addJob(order, ASKING))
  return { id: job.id, isNew }
}

async function answer(request: IncomingMessage): Promise<[status: number, body: Acknowledged | Refused]> {
  try {
    return [200, await add((await json(request)) as ChaosOrder)]
  } catch (error) {
    return [503, { code: error instanceof AppError ? error.code : String(error) }]
  }
}

const server = await startHttpServer(
  (request, response) =>
    void answer(request).then(([status, body]) => response.writeHead(status).end(JSON.stringify(body))),
  config,
)
announceReady(server.url)
await untilStopped()
