/** A worker of the chaos run: put together as worker.ts is, with the processors of the run. */
import { configOrExit } from '@redress/shared/process/config.ts'
import { serveHealthUntilStopped } from '@redress/shared/service/serve.ts'
import { readWorkerConfig } from '../../../decision-service/src/config.ts'
import { openLimits } from '../../../decision-service/src/jobs/limits/open-limits.ts'
import { openWorkers } from '../../../decision-service/src/jobs/open-jobs.ts'
import type { Processor } from '../../../decision-service/src/jobs/processors/processor.ts'
import { CHAOS_TYPES, type ChaosData, type ChaosType, TICK_TYPE } from '../../../decision-service/test/chaos-jobs.ts'
import { openPlatform } from './open-platform.ts'
import type { Call } from './provider.ts'

const { PROVIDER_URL = '' } = process.env
const config = configOrExit(readWorkerConfig)
await using platform = await openPlatform('worker', config)
const limits = await openLimits(platform, config.limits)

const createProcessor =
  (type: ChaosType): Processor<ChaosData> =>
  async (data, { jobId, signal }) => {
    const call: Call = { type, jobId, data }
    const { status } = await fetch(PROVIDER_URL, { method: 'POST', body: JSON.stringify(call), signal })
    if (status !== 200) throw new Error(`The provider has answered ${status}.`)
    return { order: data.order }
  }
const types = Object.keys(CHAOS_TYPES).filter((name): name is ChaosType => name !== TICK_TYPE)
const processors = Object.fromEntries(types.map((name) => [name, createProcessor(name)]))

// The types of the service itself have no handler here: none of their jobs is added.
openWorkers({ ...platform, limits }, { handlers: {}, processors } as never, {
  ...config.works,
  registry: CHAOS_TYPES,
})
await serveHealthUntilStopped(platform)
