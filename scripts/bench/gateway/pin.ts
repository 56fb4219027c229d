import { execFileSync } from 'node:child_process'

/** The measured process has one core to itself; all other processes share the rest. */
export type Cores = Readonly<{ contestants: string; others: string }>

/** Null when processes cannot be pinned: without `taskset`, or with a single core. */
export function findCores(): Cores | null {
  try {
    const list = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' }).split(': ')[1]!
    const cores = list.trim().split(',').flatMap(expand)
    return cores.length < 2 ? null : { contestants: cores.at(-1)!, others: cores.slice(0, -1).join(',') }
  } catch {
    return null
  }
}

/** Pins every thread of the process, including those that it starts later. */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-acp', cores, String(pid)], { stdio: 'ignore' })
}

/** Parses the kernel's format, in which `0-3` stands for four cores. */
function expand(range: string): readonly string[] {
  const [from = 0, to = from] = range.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, at) => String(from + at))
}
