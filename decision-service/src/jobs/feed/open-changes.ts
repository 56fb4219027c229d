import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatUntilClosed } from '@redress/shared/service/repeat-until-closed.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import { type IsPaused, readQueueState } from '../monitoring/queue-views.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import { logChanges } from '../processors/log-changes.ts'
import { openJobFeed } from './job-feed.ts'
import { createQueueWatch } from './queue-watch.ts'

/** The least time between two events of a queue, but for acts of people. */
const QUEUES_EVERY_MS = 1_000

/** Logs changes of jobs, and publishes them and those of queues for live views, until the service is closed. */
export function openChanges({ redis, logger, resources }: Pick<Service, 'redis' | 'logger' | 'resources'>) {
  const feed = openJobFeed({ redis, logger })
  resources.defer(() => feed.close())
  const log = logChanges(logger)
  const onChange: ChangeOf = (change) => {
    log(change)
    feed.job(change)
  }
  return {
    onChange,
    /** For the process that shows queues: `follow` publishes their changes while it leads. */
    watchQueues(queues: Queues, isPaused: IsPaused) {
      const read = (name: QueueName) => queues[name].use((queue) => readQueueState(queue, isPaused)).catch(() => null)
      const { publish, publishChanged } = createQueueWatch({ read, feed })
      const follow = (isLeader: () => boolean) =>
        repeatUntilClosed(
          { logger, resources },
          {
            ...{ run: publishChanged, everyMs: QUEUES_EVERY_MS, mayRun: isLeader },
            onFailure: 'changes of queues not published',
          },
        )
      return { publish, follow }
    },
  }
}
