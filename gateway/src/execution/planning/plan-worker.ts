import { runInNewContext } from 'node:vm'
import { createPlanner, type Planner } from './planner.ts'

/** One operation to plan, as it is sent to a worker thread. */
export type PlanTask = Readonly<{
  /** Supergraphs are known by number; the text is shared memory, so that no task copies it. */
  supergraph: Readonly<{ id: number; text: SharedArrayBuffer }>
  document: string
  operationName: string | null
  /** The time limit of planning alone, without the start of the thread and the reading of the supergraph. */
  timeoutMs: number
}>

/** The plan as JSON text, or the reason why there is none. */
export type PlanOutcome = Readonly<
  { plan: string } | { failure: 'timeout' } | { failure: 'error'; message: string; stack: string | undefined }
>

/** The supergraph in force and the one before, with which running operations end. */
const PLANNERS_MAX = 2
const planners = new Map<number, Planner>()

/** Runs in a worker thread. */
export function planTask({ supergraph, document, operationName, timeoutMs }: PlanTask): PlanOutcome {
  try {
    const planner = plannerOf(supergraph)
    return { plan: within(timeoutMs, () => JSON.stringify(planner.plan(document, operationName))) }
  } catch (error) {
    // The planner was interrupted anywhere, so its caches may be inconsistent.
    planners.delete(supergraph.id)
    if (isTimeout(error)) return { failure: 'timeout' }
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    return { failure: 'error', message, stack }
  }
}

/** The result of synchronous work. Of all ways to interrupt it, only this one leaves the thread usable. */
export function within<Result>(timeoutMs: number, work: () => Result): Result {
  return runInNewContext('work()', { work }, { timeout: timeoutMs }) as Result
}

function plannerOf({ id, text }: PlanTask['supergraph']): Planner {
  const known = planners.get(id)
  if (known) return known
  const planner = createPlanner(Buffer.from(text).toString())
  planners.set(id, planner)
  const [oldest] = planners.keys()
  if (planners.size > PLANNERS_MAX && oldest !== undefined) planners.delete(oldest)
  return planner
}

function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
