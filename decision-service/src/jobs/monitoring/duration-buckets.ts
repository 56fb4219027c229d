/** Two buckets for each doubling: a duration is known within a fifth of it. */
const PER_DOUBLING = 2
const BUCKET_MAX = 60

/** The bucket of a duration, from 0 for up to 1 ms. Stored, so never changed. */
export function bucketOf(durationMs: number): number {
  return durationMs <= 1 ? 0 : Math.min(BUCKET_MAX, Math.ceil(PER_DOUBLING * Math.log2(durationMs)))
}

/** The median of durations that were counted by their buckets, in milliseconds; null where there are none. */
export function medianOf(counts: ReadonlyMap<number, number>): number | null {
  const total = counts.values().reduce((sum, count) => sum + count, 0)
  let left = total / 2
  for (const [bucket, count] of [...counts].sort(([one], [other]) => one - other)) {
    left -= count
    // The middle of the bucket, by ratio.
    if (left <= 0) return 2 ** ((bucket - 0.5) / PER_DOUBLING)
  }
  return null
}
