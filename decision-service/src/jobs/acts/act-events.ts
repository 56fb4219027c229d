import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobState, JobView } from '../orders/job-view.ts'

/** An act of a person on jobs, with the reason. */
export type Act = Readonly<{ reason: string; cause: Cause; at: Date }>

/** The reason as it is stored: personal data is masked. */
export function toAct(reason: string, cause: Cause, at: Date): Act {
  return { reason: maskPersonal(reason).trim(), cause, at }
}

type JobEvent = 'job.retried' | 'job.cancelled' | 'job.discarded'
type QueueEvent = 'queue.paused' | 'queue.resumed' | 'queue.cleared'
type Fields = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

/** The entity that each act changes: the job, or its dead letter. */
const CHANGE_OF: Readonly<Record<JobEvent, (state: JobState) => Fields>> = {
  'job.retried': (state) => ({ state: [state, 'WAITING'] }),
  'job.cancelled': (state) => ({ state: [state, 'CANCELLED'] }),
  'job.discarded': () => ({ deadLetter: ['OPEN', 'DISCARDED'] }),
}

type Changed = Pick<JobView, 'id' | 'type' | 'queue' | 'state'>

export function jobActEvent(type: JobEvent, { id, type: jobType, queue, state }: Changed, act: Act): DomainEvent {
  const { reason, cause, at } = act
  return newEvent(type, {
    ...{ id: `${type}-${id}-${cause.requestId}-${at.getTime()}`, at, cause, entity: { type: 'Job', id } },
    changes: toChanges({ reason: [null, reason], ...CHANGE_OF[type](state) }),
    data: { jobType, queue, reason },
  })
}

export function queueActEvent(type: QueueEvent, queue: QueueName, fields: Fields, act: Act): DomainEvent {
  const { reason, cause, at } = act
  return newEvent(type, {
    ...{ id: `${type}-${queue}-${cause.requestId}-${at.getTime()}`, at, cause, entity: { type: 'Queue', id: queue } },
    changes: toChanges({ reason: [null, reason], ...fields }),
    data: { queue, reason },
  })
}

function toChanges(fields: Fields): DomainEvent['changes'] {
  return Object.fromEntries(Object.entries(fields).map(([name, [before, after]]) => [name, { before, after }]))
}
