import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { type LogHead, type Position, START } from './log-entry.ts'

const keyOf = (stream: StreamName) => `positions:${stream}`

/** The sequence that a group reports which has applied another history of the log: no log reaches it. */
export const BEYOND_ANY_LOG = Number.MAX_SAFE_INTEGER

/** Reports to the relay of a stream how far a group has applied it. */
export async function reportPosition(
  redis: Redis,
  report: Readonly<{ stream: StreamName; group: string; position: Position }>,
) {
  const { stream, group, position } = report
  await redis.hSet(keyOf(stream), group, `${position.epoch ?? ''}:${position.sequence}`)
}

/** The positions that groups have reported since Redis last lost its data, by group. */
export async function readReports(redis: Redis, stream: StreamName): Promise<ReadonlyMap<string, Position>> {
  const reports = await redis.hGetAll(keyOf(stream))
  return new Map(Object.entries(reports).map(([group, text]) => [group, toPosition(text)]))
}

function toPosition(text: string): Position {
  const [epoch = '', sequence = ''] = text.split(':')
  return epoch === '' ? START : { epoch, sequence: Number(sequence) }
}

/** Whether a group has applied more than the log has: then the log is an older copy of the one that was published. */
export function isPassed({ epoch, sequence }: LogHead, reports: ReadonlyMap<string, Position>): boolean {
  return [...reports.values()].some((report) => report.epoch === epoch && report.sequence > sequence)
}
