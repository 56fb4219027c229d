const WRITES: ReadonlySet<unknown> = new Set([
  'insertOne',
  'insertMany',
  'updateOne',
  'updateMany',
  'replaceOne',
  'deleteOne',
  'deleteMany',
  'bulkWrite',
])

/** The same collections, of a process that ends before its write with the number `step`, from 1. */
export function dyingCollections<T extends object>(collections: T, step: number): T {
  let writes = 0
  const dying = (collection: object) =>
    new Proxy(collection, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (WRITES.has(name) && ++writes === step) throw new Error('crash')
          return value.apply(target, given)
        }
      },
    })
  return Object.fromEntries(Object.entries(collections).map(([name, one]) => [name, dying(one)])) as T
}
