import { readFileSync } from 'node:fs'
import { cpuSecondsOf, TICKS_PER_SECOND } from '../../bench/processes.ts'
import type { System } from './system.ts'

/**
 * CPU seconds that the system has used so far: this process, its children, and those that have ended. Null where it cannot
 * be known, on any other system than Linux.
 */
export function readCpuSeconds(system: System): number | null {
  if (process.platform !== 'linux') return null
  const pids = [process.pid, system.pidOf('redis'), ...Object.values(system.stack.processes).map(({ pid }) => pid)]
  return endedChildrenSeconds() + pids.reduce<number>((total, pid) => total + secondsOf(pid), 0)
}

function secondsOf(pid: number | null): number {
  try {
    return pid === null ? 0 : cpuSecondsOf(pid)
  } catch {
    return 0 // It ended just now.
  }
}

function endedChildrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}
