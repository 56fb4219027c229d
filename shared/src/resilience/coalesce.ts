import { setImmediate as endOfTurn } from 'node:timers/promises'
import { AppError } from '../errors.ts'

const BATCH_MAX = 200

type Call<In, Out> = Readonly<{ input: In; resolve: (value: Out) => void; reject: (error: unknown) => void }>
export type CallOptions = Readonly<{
  /** Not in a batch: run at once, beside the others. Default: false. */
  alone?: boolean | undefined
}>
export type BatchRule<In> = Readonly<{
  /** Inputs of two groups share no batch. Default: all are one group. */
  groupBy?: (input: In) => string
}>
type Run<In, Out> = (inputs: readonly In[]) => Promise<readonly (Out | Error)[]>

/**
 * Batches single calls: those of one turn of the event loop share a batch, and those that arrive while a batch runs form
 * the next one. Without load a call does not wait; under load the cost of a round is divided among up to BATCH_MAX calls.
 * @param run gives one outcome per input, in order. If it throws, it must have changed nothing: the batch is halved and
 * run again until the inputs that fail are alone, so that they fail no others. Unavailability fails the whole batch.
 */
export function coalesce<In, Out>(run: Run<In, Out>, { groupBy = () => '' }: BatchRule<In> = {}) {
  const waiting: Call<In, Out>[] = []
  let running = false

  const drain = async () => {
    running = true
    while (waiting.length > 0) {
      // The replies that one read of a socket brings lead to calls in one turn: the first does not go without the others.
      await endOfTurn()
      const groups = Map.groupBy(waiting.splice(0, BATCH_MAX), ({ input }) => groupBy(input))
      for (const group of groups.values()) await settle(run, group)
    }
    running = false
  }

  return (input: In, { alone = false }: CallOptions = {}): Promise<Out> =>
    new Promise<Out>((resolve, reject) => {
      const call = { input, resolve, reject }
      if (alone) return void settle(run, [call])
      waiting.push(call)
      if (!running) void drain()
    })
}

/** Settles every call of a batch. Never rejects. */
async function settle<In, Out>(run: Run<In, Out>, batch: readonly Call<In, Out>[]): Promise<void> {
  try {
    const outcomes = await run(batch.map(({ input }) => input))
    batch.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index]!
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    })
  } catch (error) {
    if (batch.length === 1 || isUnavailable(error)) {
      for (const { reject } of batch) reject(error)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await settle(run, batch.slice(0, middle))
    await settle(run, batch.slice(middle))
  }
}

const isUnavailable = (error: unknown) => error instanceof AppError && error.kind === 'unavailable'
