/** Lets at most `max` run at a time; the others wait in the order they came. */
export function createGate(max: number): Gate {
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

export type Gate = Readonly<{ run: <Result>(work: () => Promise<Result>) => Promise<Result> }>
