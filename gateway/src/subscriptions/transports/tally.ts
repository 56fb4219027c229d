/** Counts what is open by key, up to a maximum for each. */
export type Tally = Readonly<{
  /** False if the key has the maximum. */
  hasRoom: (key: string) => boolean
  add: (key: string) => void
  remove: (key: string) => void
}>

export function createTally(max: number): Tally {
  const counts = new Map<string, number>()
  return {
    hasRoom: (key) => (counts.get(key) ?? 0) < max,
    add: (key) => void counts.set(key, (counts.get(key) ?? 0) + 1),
    remove(key) {
      const left = (counts.get(key) ?? 1) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    },
  }
}
