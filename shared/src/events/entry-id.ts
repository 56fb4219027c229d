/** Orders two entries of a Redis stream. Their ids are `milliseconds-number` and sort by both, as numbers. */
export function compareEntryIds(a: string, b: string): number {
  const [msA, numberA] = partsOf(a)
  const [msB, numberB] = partsOf(b)
  return msA - msB || numberA - numberB
}

function partsOf(entryId: string): [number, number] {
  const dash = entryId.indexOf('-')
  return [Number(entryId.slice(0, dash)), Number(entryId.slice(dash + 1))]
}
