const BATCH_MAX = 100

/**
 * Batches single calls: the calls that arrive while a batch runs form the next one. Without load a call does not wait;
 * under load the cost of a round is divided among up to BATCH_MAX calls.
 * @param run gives one outcome per input, in order; throwing fails the whole batch.
 */
export function coalesce<In, Out>(run: (inputs: readonly In[]) => Promise<readonly (Out | Error)[]>) {
  type Call = { input: In; resolve: (value: Out) => void; reject: (error: unknown) => void }
  const waiting: Call[] = []
  let running = false

  const drain = async () => {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_MAX)
      try {
        const outcomes = await run(batch.map(({ input }) => input))
        batch.forEach(({ resolve, reject }, index) => {
          const outcome = outcomes[index]!
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
        })
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    running = false
  }

  return (input: In): Promise<Out> =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      if (!running) void drain()
    })
}
