import { TooManySubscriptionsError } from '../errors.ts'
import type { Limits } from '../limits.ts'

/** Counts the subscriptions of each principal and of the process. */
export function createQuota({ subscriptionsPerPrincipalMax, subscriptionsPerProcessMax }: Limits) {
  const byPrincipal = new Map<string, number>()
  let all = 0

  return {
    /** @throws TooManySubscriptionsError */
    take(principalId: string): void {
      const own = byPrincipal.get(principalId) ?? 0
      if (all >= subscriptionsPerProcessMax) throw new TooManySubscriptionsError('process', subscriptionsPerProcessMax)
      if (own >= subscriptionsPerPrincipalMax) {
        throw new TooManySubscriptionsError('principal', subscriptionsPerPrincipalMax)
      }
      all++
      byPrincipal.set(principalId, own + 1)
    },
    giveBack(principalId: string): void {
      all--
      const left = byPrincipal.get(principalId)! - 1
      if (left > 0) byPrincipal.set(principalId, left)
      else byPrincipal.delete(principalId)
    },
    /** Subscriptions that are open or being opened. */
    taken: () => all,
  }
}

export type Quota = ReturnType<typeof createQuota>
