/** What was found, in the order of the ids that were asked for: null for an id that has none. */
export function inOrder<T extends Readonly<{ id: string }>>(
  ids: readonly string[],
  found: readonly T[],
): readonly (T | null)[] {
  const byId = new Map(found.map((one) => [one.id, one]))
  return ids.map((id) => byId.get(id) ?? null)
}
