export type ConcurrencyLimit = Readonly<{ run: <Result>(work: () => Promise<Result>) => Promise<Result> }>

/** Runs at most `max` pieces of work at a time; the others wait in the order they came. */
export function createConcurrencyLimit(max: number): ConcurrencyLimit {
  const waiting: (() => void)[] = []
  let running = 0

  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else running--
  }

  return {
    async run(work) {
      if (running >= max) await new Promise<void>((enter) => waiting.push(enter))
      else running++
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
