import type { Logger } from '@redress/shared/process/logger.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { NewRecord } from './job-record.ts'
import { toNewJob } from './to-new-job.ts'

type Dependencies = Readonly<{ queues: Queues; logger: Logger }>

/** Queues jobs whose records are stored. Never rejects: recovery queues them where their queue is away. */
export async function queueRecorded(jobs: readonly NewRecord[], { queues, logger }: Dependencies): Promise<void> {
  for (const [queue, ofQueue] of Map.groupBy(jobs, (job) => job.queue)) {
    const late = (err: unknown) => logger.warn({ err, queue, jobs: ofQueue.length }, 'jobs are queued later')
    await queues[queue].add(ofQueue.map(toNewJob)).catch(late)
  }
}
