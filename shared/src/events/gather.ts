const MOST_MS = 100

/**
 * How long to wait from one round of work to the next: as long as the round took, and `leastMs` at least. Under load,
 * rounds take longer, so that fewer and larger ones do the same work; without load nothing waits for long.
 */
export function gatherMs(tookMs: number, leastMs: number): number {
  return Math.max(leastMs, Math.min(tookMs, MOST_MS))
}
