export type RememberedIds = Readonly<{
  /** Whether the id is new; from now on it is not. */
  isNew: (id: string) => boolean
}>

/**
 * Remembers at least the latest `max / 2` ids, and at most `max`: the older half goes at once, since taking single
 * ones off the front of a large set is slow.
 */
export function createRememberedIds(max: number): RememberedIds {
  let older = new Set<string>()
  let newer = new Set<string>()
  return {
    isNew(id) {
      if (newer.has(id) || older.has(id)) return false
      newer.add(id)
      if (newer.size >= max / 2) {
        older = newer
        newer = new Set()
      }
      return true
    },
  }
}
