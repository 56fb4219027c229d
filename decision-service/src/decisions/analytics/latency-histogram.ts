/** Milliseconds; null where nothing was measured. */
export type LatencyPercentiles = Readonly<{ p50: number; p95: number; p99: number }>

/** Each bucket reaches 2 % further than the one before it. */
const GROWTH = 1.02
/** The first bucket holds everything up to a microsecond, the last everything from about three hours on. */
const LEAST_MS = 0.001
const BUCKETS = 1 + Math.ceil(Math.log(1e7 / LEAST_MS) / Math.log(GROWTH))

type LatencyHistogram = Readonly<{ add: (ms: number) => void; percentiles: () => LatencyPercentiles | null }>

/**
 * Percentiles of any number of durations in a few kilobytes. A percentile is the duration that so many per cent do not
 * exceed (nearest rank), within 1 % for durations from 1 µs to about 3 hours, and never beyond the least and the
 * greatest that were seen.
 */
export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Uint32Array(BUCKETS)
  let total = 0
  let least = Number.POSITIVE_INFINITY
  let greatest = 0

  const percentile = (share: number) => {
    let bucket = 0
    for (let left = Math.ceil(share * total) - counts[0]!; left > 0; left -= counts[bucket]!) bucket++
    // The middle of a bucket, by ratio: at most the square root of GROWTH away from either end.
    const middle = LEAST_MS * GROWTH ** (bucket - 0.5)
    return Math.min(greatest, Math.max(least, middle))
  }

  return {
    add(ms) {
      counts[bucketOf(ms)]! += 1
      total += 1
      least = Math.min(least, ms)
      greatest = Math.max(greatest, ms)
    },
    percentiles: () => (total === 0 ? null : { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) }),
  }
}

function bucketOf(ms: number): number {
  if (ms <= LEAST_MS) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH)))
}
