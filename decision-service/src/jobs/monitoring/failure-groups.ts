import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { QUEUE_NAMES, type QueueName } from '../frame/queues.ts'
import { beginOf, type MetricDocument } from './metric-document.ts'

/** The failed jobs of one type, and for one reason. */
export type FailureGroup = Readonly<{
  queue: QueueName
  type: string
  code: ErrorCode
  count: number
  lastAt: Date
  /** The hours in which there were any, oldest first. */
  hours: readonly Readonly<{ at: Date; count: number }>[]
}>

type Failure = Omit<FailureGroup, 'hours'> & Readonly<{ hour: number }>

const GROUPS_MAX = 200

/** Groups failures by type and reason, the most frequent first, at most GROUPS_MAX. */
export function groupFailures(documents: readonly MetricDocument[]): readonly FailureGroup[] {
  const groups = Map.groupBy(documents.flatMap(failuresOf), ({ queue, type, code }) => `${queue} ${type} ${code}`)
  return [...groups.values()]
    .map(toGroup)
    .sort((one, other) => other.count - one.count)
    .slice(0, GROUPS_MAX)
}

function failuresOf({ at, queues = {} }: MetricDocument): readonly Failure[] {
  const hour = beginOf('hour', at).getTime()
  return QUEUE_NAMES.flatMap((queue) =>
    Object.entries(queues[queue]?.types ?? {}).flatMap(([type, { failures = {} }]) =>
      Object.entries(failures).map(([code, one]) => ({ queue, type, code: code as ErrorCode, ...one, hour })),
    ),
  )
}

function toGroup(failures: readonly Failure[]): FailureGroup {
  const { queue, type, code } = failures[0]!
  const hours = [...Map.groupBy(failures, ({ hour }) => hour)].sort(([one], [other]) => one - other)
  return {
    ...{ queue, type, code, count: countOf(failures) },
    lastAt: new Date(Math.max(...failures.map(({ lastAt }) => lastAt.getTime()))),
    hours: hours.map(([at, ofHour]) => ({ at: new Date(at), count: countOf(ofHour) })),
  }
}

const countOf = (failures: readonly Failure[]) => failures.reduce((sum, { count }) => sum + count, 0)
