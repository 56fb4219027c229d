import { randomUUID } from 'node:crypto'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { causeOfService, type DomainEvent } from '@redress/shared/events/envelope.ts'
import { textOf } from '../frame/job-failure.ts'
import type { QueueView } from '../monitoring/queue-views.ts'
import { stateOf } from '../orders/job-view.ts'
import type { JobChange } from '../processors/job-change.ts'

export type FeedQueue = Pick<QueueView, 'name' | 'paused' | 'counts'>

export function toJobEvent(change: JobChange, at: Date): DomainEvent {
  const { id, type, queue, actor, status, isDelayed = false, progress = null, failure } = change
  const state = stateOf(status, isDelayed)
  return newEvent('job.updated', {
    // Two changes of a job in one state and millisecond may share it: a reader compares it only at the entry where it stopped.
    id: `${id}-${state}-${at.getTime()}`,
    at,
    cause: causeOfService(actor),
    entity: { type: 'Job', id },
    data: {
      jobType: type,
      queue,
      addedBy: actor,
      state,
      progress: status === 'COMPLETED' ? 100 : progress,
      failure: failure ? textOf(failure) : null,
    },
  })
}

/** The jobs of a queue change by themselves, so that the event has no cause. */
export function toQueueEvent({ name, paused, counts }: FeedQueue, at: Date): DomainEvent {
  return newEvent('queue.changed', {
    ...{ id: `${name}-${randomUUID()}`, at, cause: causeOfService('decisions') },
    ...{ entity: { type: 'Queue', id: name }, data: { paused, ...counts } },
  })
}
