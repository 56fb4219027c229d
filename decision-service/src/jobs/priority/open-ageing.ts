import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatUntilClosed } from '@redress/shared/service/repeat-until-closed.ts'
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
  repeatUntilClosed(
    { logger, resources },
    { run, everyMs: MINUTE_MS, mayRun: isLeader, onFailure: 'jobs that wait for long not raised' },
  )
}
