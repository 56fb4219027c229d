import { startRepeating } from '@redress/shared/process/repeat.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { Queues } from '../frame/open-queues.ts'
import { createAgeWaiting } from './age-waiting.ts'

type Stores = Pick<Service, 'logger' | 'resources'> & Readonly<{ queues: Queues }>

/** Raises jobs that wait for long, every minute, in the process that leads. */
export function openAgeing({ queues, logger, resources }: Stores, isLeader: () => boolean): void {
  const all = Object.values(queues).map((queue) => ({ name: queue.name, age: createAgeWaiting({ queue }) }))
  const run = () =>
    Promise.all(
      all.map(async ({ name, age }) => {
        try {
          const jobs = await age(new Date())
          if (jobs > 0) logger.info({ queue: name, jobs }, 'jobs raised that wait for long')
        } catch (err) {
          logger.warn({ err, queue: name }, 'jobs that wait for long not raised')
        }
      }),
    )
  const onError = (err: unknown) => logger.warn({ err }, 'jobs that wait for long not raised')
  const repeating = startRepeating({ run, everyMs: MINUTE_MS, mayRun: isLeader, onError })
  resources.defer(() => repeating.stop())
}
