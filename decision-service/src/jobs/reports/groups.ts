import { FileTooLargeError } from '../files/errors.ts'

/** A group is a row of a report. */
export const ROWS_MAX = 10_000

/** Counts by group. */
export type Groups<Tally> = Readonly<{
  /** The counts of a group, which is known by all its values. @throws FileTooLargeError for more groups than ROWS_MAX. */
  of(...key: readonly (string | null)[]): Tally
  /** All groups, ordered by their keys. */
  all(): readonly (readonly [key: readonly (string | null)[], tally: Tally])[]
}>

export function createGroups<Tally>(create: () => Tally, rowsMax: number = ROWS_MAX): Groups<Tally> {
  const tallies = new Map<string, Tally>()
  return {
    of(...key) {
      const text = JSON.stringify(key)
      const found = tallies.get(text)
      if (found !== undefined) return found
      if (tallies.size >= rowsMax) throw new FileTooLargeError(`${rowsMax} rows`)
      const created = create()
      tallies.set(text, created)
      return created
    },
    all: () =>
      [...tallies]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([text, tally]) => [JSON.parse(text) as (string | null)[], tally]),
  }
}
