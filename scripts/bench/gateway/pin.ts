import { execFileSync } from 'node:child_process'

/** Who runs where: what is measured on one core alone, and everybody else on the others. */
export type Cores = Readonly<{ contestants: string; others: string }>

/** Null where processes cannot be kept apart: without `taskset`, or with a single core. */
export function findCores(): Cores | null {
  try {
    const list = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' }).split(': ')[1]!
    const cores = list.trim().split(',').flatMap(expand)
    return cores.length < 2 ? null : { contestants: cores.at(-1)!, others: cores.slice(0, -1).join(',') }
  } catch {
    return null
  }
}

/** Every thread of the process, those that it starts later too. */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-acp', cores, String(pid)], { stdio: 'ignore' })
}

/** `0-3` stands for four cores. */
function expand(range: string): readonly string[] {
  const [from = 0, to = from] = range.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_, at) => String(from + at))
}
