import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Stack } from '../stack/stack.ts'

export const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU seconds that each process of the stack has used. */
export function readCpuSeconds(stack: Stack): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(stack.processes).map(([name, { pid }]) => [name, cpuSecondsOf(pid!)]))
}

/** CPU seconds, user and system, that a process has used. Linux only: read from /proc. */
export function cpuSecondsOf(pid: number): number {
  // Only the name, in parentheses, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  return (user + system) / TICKS_PER_SECOND
}

/** Microseconds of CPU per item between two readings, by process. */
export function cpuMicrosPerItem(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  count: number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, Math.round(((seconds - before[name]!) / count) * 1e6)]),
  )
}

export const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0)

export function percentile<T>(sorted: readonly T[], share: number): T {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
