/** Puts found entities in the order of the requested ids, with null for an id without one. */
export function inOrder<T extends Readonly<{ id: string }>>(
  ids: readonly string[],
  found: readonly T[],
): readonly (T | null)[] {
  const byId = new Map(found.map((one) => [one.id, one]))
  return ids.map((id) => byId.get(id) ?? null)
}
