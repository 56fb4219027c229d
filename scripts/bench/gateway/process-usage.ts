import { readdirSync, readFileSync } from 'node:fs'

/** CPU of all threads of a process in microseconds. Linux only; not from `stat`, whose resolution is 10 ms. */
export function readCpuMicros(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((total, thread) => total + nanosOf(pid, thread), 0) / 1000
}

function nanosOf(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    return 0 // The thread has just ended.
  }
}

/** The resident memory of a process. */
export function readRssMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
