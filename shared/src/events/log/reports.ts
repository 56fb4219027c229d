import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { type Position, START } from './log-entry.ts'

const keyOf = (stream: StreamName) => `positions:${stream}`

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
