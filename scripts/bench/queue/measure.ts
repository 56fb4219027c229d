import { median } from '../decide/median.ts'
import { cpuSecondsOf, sum } from '../processes.ts'
import type { Contestant } from './contestant.ts'
import { dataOf } from './tiers.ts'

export type Load = Readonly<{
  jobs: number
  /** Callers that add side by side, each its next job once the one before is answered. */
  callers: number
  /** Jobs that a worker runs side by side. */
  concurrency: number
}>

/** Jobs per second, and microseconds of CPU for each in this process, Redis and the database together. */
export type Rates = Readonly<{ added: number; processed: number; addedCpu: number; processedCpu: number }>

/** Adds jobs without a worker, and then works on them. */
export async function measureRound(contestant: Contestant, load: Load, pids: readonly number[]): Promise<Rates> {
  await contestant.clear()
  const cpu = () => sum(pids.map(cpuSecondsOf))
  const begunWith = cpu()
  const addedMs = await measureAdding(contestant, load)
  const addedWith = cpu()
  const processedMs = await contestant.work(load.jobs, load.concurrency)
  const perSecond = (ms: number) => (load.jobs / ms) * 1_000
  const perJob = (seconds: number) => (seconds * 1e6) / load.jobs
  return {
    added: perSecond(addedMs),
    processed: perSecond(processedMs),
    addedCpu: perJob(addedWith - begunWith),
    processedCpu: perJob(cpu() - addedWith),
  }
}

/** Milliseconds for all jobs. */
export function measureAdding({ add }: Pick<Contestant, 'add'>, { jobs, callers }: Omit<Load, 'concurrency'>) {
  let next = 0
  const caller = async () => {
    while (next < jobs) await add(dataOf(next++))
  }
  return timeOf(() => Promise.all(Array.from({ length: callers }, caller)))
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

export function medianOf(rounds: readonly Rates[]): Rates {
  const of = (figure: keyof Rates) => median(rounds.map((round) => round[figure]))
  return { added: of('added'), processed: of('processed'), addedCpu: of('addedCpu'), processedCpu: of('processedCpu') }
}
