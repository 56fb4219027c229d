/** Stands for all that have no label of their own. */
export const OTHER = 'other'

/**
 * Keeps what others choose from becoming ever more labels: the first `max` values that are admitted have one of their
 * own, all further ones share OTHER. `create` makes what belongs to a label, once, when it is first needed.
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
