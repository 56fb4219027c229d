/**
 * Finds the first number from `from` on, below `to`, for which `holds` is true, by binary search; `to` where there is
 * none. What `holds` says may only change from false to true as numbers grow.
 */
export async function findFirst(
  { from, to }: Readonly<{ from: number; to: number }>,
  holds: (number: number) => Promise<boolean>,
): Promise<number> {
  let low = from
  let high = to
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (await holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
