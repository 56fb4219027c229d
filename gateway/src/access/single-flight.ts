/** Makes calls for the same key that come while one is under way share its outcome. */
export function createSingleFlight<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>()
  return (key) => {
    const known = underWay.get(key)
    if (known) return known
    const begun = work(key).finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }
}
