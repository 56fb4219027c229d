import { readdirSync, readFileSync } from 'node:fs'
import { median } from '../decide/median.ts'
import { percentile } from '../processes.ts'

/** Microseconds of CPU that a process has used, in all of its threads. Linux only; far finer than the ticks of `stat`. */
function cpuMicrosOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((id) =>
    readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8'),
  )
  return threads.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1000, 0)
}

/** The cost of one call: CPU of this process and of the database, and time. */
export type Cost = Readonly<{ cpuMicros: number; ms: number }>

/** Runs calls one after another. `cpuMicros` is that of one call on average, `ms` has the time of each. */
export async function measureCalls(pids: readonly number[], calls: number, run: (call: number) => Promise<unknown>) {
  const readCpu = () => [process.pid, ...pids].reduce((sum, pid) => sum + cpuMicrosOf(pid), 0)
  const ms: number[] = []
  const before = readCpu()
  for (let call = 0; call < calls; call++) {
    const began = performance.now()
    await run(call)
    ms.push(performance.now() - began)
  }
  return { cpuMicros: (readCpu() - before) / calls, ms }
}

export type Contestant = (call: number) => Promise<unknown>

/** Costs of contestants that run in turns: medians of the CPU of a round, and the 95th percentile of all times. */
export async function measureInTurns<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  { pids, rounds, calls }: Readonly<{ pids: readonly number[]; rounds: number; calls: number }>,
): Promise<Readonly<Record<Name, Cost>>> {
  const names = Object.keys(contestants) as Name[]
  const cpu = new Map(names.map((name) => [name, [] as number[]]))
  const ms = new Map(names.map((name) => [name, [] as number[]]))
  // The first round compiles, and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const cost = await measureCalls(pids, calls, (call) => contestants[name](round * calls + call))
      if (round === 0) continue
      cpu.get(name)!.push(cost.cpuMicros)
      ms.get(name)!.push(...cost.ms)
    }
  }
  const costs = names.map((name) => {
    const sorted = ms.get(name)!.sort((a, b) => a - b)
    return [name, { cpuMicros: median(cpu.get(name)!), ms: percentile(sorted, 0.95) }] as const
  })
  return Object.fromEntries(costs) as Record<Name, Cost>
}
