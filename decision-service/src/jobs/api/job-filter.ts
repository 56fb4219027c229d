import { within } from '@redress/shared/stores/moments.ts'
import type { JobState } from '../orders/job-view.ts'

/** All that is given must hold; of a list, any value. `from` is included, `to` is not. */
export type JobFilter = Readonly<{
  queue?: string | null
  type?: readonly string[] | null
  state?: readonly JobState[] | null
  actor?: string | null
  from?: Date | null
  to?: Date | null
}>

/** The range of time in which jobs were added. There is always a bound, so that an index serves what is only counted. */
export function addedWithin({ from, to }: JobFilter) {
  return within({ from: from ?? null, to: to ?? null, after: new Date(0) })!
}

/** Whether a filter lets jobs of one type pass, as far as all of them have the same queue. */
export function isOfType({ queue, type }: JobFilter, job: Readonly<{ queue: string; type: string }>): boolean {
  return (queue == null || queue === job.queue) && (type == null || type.includes(job.type))
}

/** The statuses of a subject whose jobs are in one of the states of a filter. */
export function statusesOf<Status extends string>(
  { state }: JobFilter,
  stateOf: Readonly<Record<Status, JobState>>,
): readonly Status[] {
  const statuses = Object.keys(stateOf) as Status[]
  return state == null ? statuses : statuses.filter((status) => state.includes(stateOf[status]))
}
