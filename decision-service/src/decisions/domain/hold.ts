import type { Verdict } from '../../domain/decision.ts'
import { AiUnavailableError, HoldDecisionError } from '../../engines/errors.ts'

/** How long decisions may wait for a model. Milliseconds. */
export type HoldLimits = Readonly<{
  /** Since the job was created. At the end of it, what was to hold otherwise holds: this bounds the age of a queue. */
  totalMs: number
  /** The shortest and the longest time until it is looked at again. */
  waitMinMs: number
  waitMaxMs: number
}>

export const HOLD_LIMITS: HoldLimits = { totalMs: 600_000, waitMinMs: 1_000, waitMaxMs: 60_000 }

/**
 * Holds a decision for a time within the limits, or settles it once its job has been held for long enough.
 * @throws HoldDecisionError to keep holding; AiUnavailableError if there is no fallback that may decide.
 */
export function holdOrSettle(
  held: HoldDecisionError,
  { ageMs, limits }: Readonly<{ ageMs: number; limits: HoldLimits }>,
): Verdict {
  const { failure, otherwise } = held
  const leftMs = limits.totalMs - ageMs
  if (leftMs > 0) {
    const soonest = Math.min(held.retryAfterMs, limits.waitMaxMs, leftMs)
    throw new HoldDecisionError(
      failure,
      { retryAfterMs: Math.max(limits.waitMinMs, soonest), otherwise },
      { cause: held },
    )
  }
  if (otherwise === null) throw new AiUnavailableError(failure, { cause: held })
  return otherwise
}
