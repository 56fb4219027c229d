/** The label of all values without one of their own. */
export const OTHER = 'other'

/**
 * Bounds the number of labels for values that clients or subgraphs choose: the first `max` admitted values have a label of
 * their own, all others share OTHER. `create` is called once per label, when it is first needed.
 */
export function createLabelLimit<T>(max: number, create: (label: string) => T) {
  const known = new Map<string, T>()
  let other: T | undefined

  return (value: string, admits: boolean): T => {
    const own = known.get(value)
    if (own !== undefined) return own
    if (!admits || known.size >= max) {
      other ??= create(OTHER)
      return other
    }
    const created = create(value)
    known.set(value, created)
    return created
  }
}
