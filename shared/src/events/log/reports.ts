import { randomUUID } from 'node:crypto'
import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { type LogHead, type Position, START } from './log-entry.ts'

const keyOf = (stream: StreamName) => `positions:${stream}`

/** The sequence that a group reports which has applied another history of the log: no log reaches it. */
export const BEYOND_ANY_LOG = Number.MAX_SAFE_INTEGER

/** A position as its group last reported it; `beat` differs with each report, also where the position is the same. */
export type Report = Position & Readonly<{ beat: string }>
export type Reports = ReadonlyMap<string, Report>

/** Reports to the relay of a stream how far a group has applied it, and that the group is there. */
export async function reportPosition(
  redis: Redis,
  report: Readonly<{ stream: StreamName; group: string; position: Position }>,
) {
  const { stream, group, position } = report
  const beat = randomUUID().slice(0, 8)
  await redis.hSet(keyOf(stream), group, `${position.epoch ?? ''}:${position.sequence}:${beat}`)
}

/** The reports of groups since Redis last lost its data, by group. */
export async function readReports(redis: Redis, stream: StreamName): Promise<Reports> {
  const reports = await redis.hGetAll(keyOf(stream))
  return new Map(Object.entries(reports).map(([group, text]) => [group, toReport(text)]))
}

function toReport(text: string): Report {
  const [epoch = '', sequence = '', beat = ''] = text.split(':')
  return epoch === '' ? { ...START, beat } : { epoch, sequence: Number(sequence), beat }
}

/** Whether a group has applied more than the log has: then the log is an older copy of the one that was published. */
export function isPassed({ epoch, sequence }: LogHead, reports: ReadonlyMap<string, Position>): boolean {
  return [...reports.values()].some((report) => report.epoch === epoch && report.sequence > sequence)
}
