export type RememberedIds = Readonly<{
  /** Remembers an id; false if it was remembered already. */
  add: (id: string) => boolean
}>

/**
 * Remembers at least the latest `max / 2` ids and at most `max`. The older half is dropped at once, because deleting
 * single ids from the front of a large set is slow.
 */
export function createRememberedIds(max: number): RememberedIds {
  let older = new Set<string>()
  let newer = new Set<string>()
  return {
    add(id) {
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
