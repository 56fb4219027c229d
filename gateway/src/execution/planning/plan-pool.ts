import { hash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { QueryPlan } from '@apollo/query-planner'
import { print } from 'graphql'
import { LRUCache } from 'lru-cache'
import { Piscina } from 'piscina'
import type { PlanOutcome, PlanTask } from './plan-worker.ts'
import { type OpenPlanner, PlanningError } from './planning.ts'

export type PlanPool = Readonly<{ openPlanner: OpenPlanner; close: () => Promise<void> }>

export type PlanPoolOptions = Readonly<{
  /** The time limit of planning one operation. */
  timeoutMs?: number
  /** The memory limit of one thread in MB, beyond which the thread is replaced. */
  memoryMb?: number
}>

/** Many times what the planner needs for the largest document that the limits allow, on a busy machine. */
const TIMEOUT_MS = 5_000
const MEMORY_MB = 512
/** The second thread is started while the first is busy, so that one slow document does not hold up all others. */
const THREADS = { minThreads: 1, maxThreads: 2, idleTimeout: 30_000 }
/** Operations that wait for a thread. */
const WAITING_MAX = 1_000
/** A document that could not be planned is refused at once for a while, however often it is sent. */
const FAILURES = { max: 10_000, ttl: 60_000 }

/** Plans operations in worker threads, each within a limit of time and memory, so that no document blocks the event loop. */
export function openPlanPool({ timeoutMs = TIMEOUT_MS, memoryMb = MEMORY_MB }: PlanPoolOptions = {}): PlanPool {
  const pool = new Piscina<PlanTask, PlanOutcome>({
    ...THREADS,
    name: 'planTask' satisfies keyof typeof import('./plan-worker.ts'),
    filename: fileURLToPath(new URL('./plan-worker.ts', import.meta.url)),
    maxQueue: WAITING_MAX,
    // Not those of this process, which may preload modules.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  const failures = new LRUCache<string, PlanningError>(FAILURES)
  let last = { given: '', supergraph: { id: 0, text: toShared('') } }

  return {
    openPlanner(supergraphText) {
      // The threads have read an unchanged supergraph already.
      if (last.given !== supergraphText) {
        last = { given: supergraphText, supergraph: { id: last.supergraph.id + 1, text: toShared(supergraphText) } }
      }
      const { supergraph } = last
      return async (document, operationName) => {
        const task = { supergraph, document: print(document), operationName, timeoutMs }
        const key = hash('sha256', `${supergraph.id} ${operationName} ${task.document}`)
        const known = failures.get(key)
        if (known) throw known
        try {
          return toPlan(await run(pool, task), timeoutMs)
        } catch (error) {
          if (error instanceof PlanningError && error.failure !== 'busy') failures.set(key, error)
          throw error
        }
      }
    },
    close: () => pool.destroy(),
  }
}

async function run(pool: Piscina<PlanTask, PlanOutcome>, task: PlanTask): Promise<PlanOutcome> {
  try {
    return await pool.run(task)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      throw new PlanningError('too complex', 'Planning this operation needs more memory than allowed.')
    }
    if (pool.queueSize >= WAITING_MAX) throw new PlanningError('busy', 'Too many operations are waiting to be planned.')
    throw error
  }
}

function toPlan(outcome: PlanOutcome, timeoutMs: number): QueryPlan {
  if ('plan' in outcome) return JSON.parse(outcome.plan) as QueryPlan
  if (outcome.failure === 'timeout') {
    throw new PlanningError('too complex', `Planning this operation takes more than ${timeoutMs} ms.`)
  }
  throw new PlanningError('error', outcome.message)
}

function toShared(text: string): SharedArrayBuffer {
  const bytes = Buffer.from(text)
  const shared = new SharedArrayBuffer(bytes.length)
  new Uint8Array(shared).set(bytes)
  return shared
}
