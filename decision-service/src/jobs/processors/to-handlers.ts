import type { Clock } from '@redress/shared/time.ts'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Handlers } from '../frame/start-worker.ts'
import type { Claims } from '../orders/claims.ts'
import type { JobRecords } from '../records/job-records.ts'
import type { Cancellations } from './cancellations.ts'
import type { ChangeOf } from './job-change.ts'
import type { Processors } from './processor.ts'
import { createQueuedHandler } from './queued-handler.ts'
import { createRecordedHandler } from './recorded-handler.ts'

type Dependencies = Readonly<{
  registry: Registry
  records: JobRecords
  claims: Pick<Claims, 'end'>
  deadJobs: Pick<DeadJobs, 'end' | 'put'>
  cancellations: Cancellations
  /** Rejects while the database takes no writes. */
  probeStore: () => Promise<void>
  onChange: ChangeOf
  now: Clock
}>

/** The handlers of types that have a processor: the frame keeps their state, by their tier. */
export function toHandlers(processors: Processors, dependencies: Dependencies): Handlers {
  const toHandler = (name: string) => {
    const { [name]: definition } = dependencies.registry
    const { [name]: processor } = processors
    if (definition === undefined || processor === undefined) throw new Error(`There is no type of job ${name}.`)
    const own = { ...dependencies, name, definition, processor }
    return definition.tier === 'CRITICAL' ? createRecordedHandler(own) : createQueuedHandler(own)
  }
  return Object.fromEntries(Object.keys(processors).map((name) => [name, toHandler(name)]))
}
