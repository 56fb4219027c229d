/** Shares one call of `work` and its outcome among all callers with the same key while it runs. */
export function createSingleFlight<T, Rest extends readonly unknown[] = []>(
  work: (key: string, ...rest: Rest) => Promise<T>,
): (key: string, ...rest: Rest) => Promise<T> {
  const running = new Map<string, Promise<T>>()
  return (key, ...rest) => {
    const known = running.get(key)
    if (known) return known
    const begun = work(key, ...rest).finally(() => running.delete(key))
    running.set(key, begun)
    return begun
  }
}
