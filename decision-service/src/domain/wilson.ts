/** So many out of so many, with the interval that holds the true rate 95 times out of 100. */
export type Rate = Readonly<{ count: number; of: number; rate: number; lower: number; upper: number }>

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959963984540054

/**
 * The score interval of Wilson (1927), which holds for few trials and for rates near 0 and 1 as well. Null where there
 * was no trial.
 * @param count 0 to `of`.
 */
export function wilsonRate(count: number, of: number): Rate | null {
  if (of === 0) return null
  const rate = count / of
  const shrink = 1 + Z ** 2 / of
  const centre = (rate + Z ** 2 / (2 * of)) / shrink
  const half = (Z / shrink) * Math.sqrt((rate * (1 - rate)) / of + Z ** 2 / (4 * of ** 2))
  // At the ends the interval touches 0 or 1; rounding must not carry it beyond.
  return { count, of, rate, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) }
}
