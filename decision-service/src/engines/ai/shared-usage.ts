import type { TokenUsage } from '../../domain/decision.ts'

const COUNTS = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const
/** Costs are counted in billionths of a dollar while they are added or divided, so that nothing is lost on the way. */
const NANO = 1e9

/** The sum of the usage of several calls; null where none of them used anything. */
export function sumUsage(usages: readonly (TokenUsage | null)[]): TokenUsage | null {
  const known = usages.filter((usage) => usage !== null)
  return known.length === 0 ? null : toUsage((read) => known.reduce((sum, usage) => sum + read(usage), 0))
}

/**
 * What one call used, divided among `parts` cases, as evenly as whole tokens allow: their sum is what was used.
 * @param parts at least 1.
 */
export function divideUsage(usage: TokenUsage, parts: number): readonly TokenUsage[] {
  return Array.from({ length: parts }, (_, index) =>
    toUsage((read) => {
      const all = read(usage)
      return Math.floor(all / parts) + (index < all % parts ? 1 : 0) // The first ones have one of what is left over.
    }),
  )
}

/** @param of makes the amount of one kind; the cost is given in billionths. */
function toUsage(of: (read: (usage: TokenUsage) => number) => number): TokenUsage {
  const [inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0] = COUNTS.map((count) =>
    of((usage) => usage[count]),
  )
  const costUsd = of((usage) => Math.round(usage.costUsd * NANO)) / NANO
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costUsd }
}
