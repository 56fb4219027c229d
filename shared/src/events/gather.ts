/** The least and the most time from one round of work to the next. Milliseconds. */
export type Gather = Readonly<{ leastMs: number; mostMs: number }>

/**
 * How long to wait until the next round: as long as the last one took, within bounds. Under load, rounds take longer, so
 * that fewer and larger ones do the same work; without load nothing waits for long.
 */
export function gatherMs(tookMs: number, { leastMs, mostMs }: Gather): number {
  return Math.max(leastMs, Math.min(tookMs, mostMs))
}
