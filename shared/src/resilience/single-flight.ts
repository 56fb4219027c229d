/** Shares one call of `work` and its outcome among all who ask for the same key while it runs. */
export function createSingleFlight<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<T>>()
  return (key) => {
    const known = running.get(key)
    if (known) return known
    const begun = work(key).finally(() => running.delete(key))
    running.set(key, begun)
    return begun
  }
}
