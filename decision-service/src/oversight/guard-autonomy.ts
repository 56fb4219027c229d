import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { ReviewedDecision } from '../domain/stored-decision.ts'
import { type AutonomyRule, autonomyIdFor, countBlindReview, openAutonomy } from './autonomy.ts'
import type { AutonomyTransaction } from './ports.ts'
import type { OnReviewed } from './record-reviews.ts'

/** Counts blind reviews as they are stored, and takes an action its autonomy where people agree too rarely. */
export function createGuardAutonomy(rule: AutonomyRule) {
  return (transaction: AutonomyTransaction): OnReviewed =>
    async (decisions) => {
      const blind = decisions.filter((decision) => decision.blind)
      if (blind.length === 0) return
      const known = new Map(await transaction.findAutonomy([...new Set(blind.map(idOf))]))
      const events: DomainEvent[] = []
      for (const decision of blind) {
        const { policy, action, review } = decision
        const before = known.get(idOf(decision)) ?? openAutonomy(policy, action, decision.decidedAt)
        const change = countBlindReview(before, { agreed: review.agreement === 'AGREED', now: review.at }, rule)
        known.set(before.id, change.autonomy)
        events.push(...change.events)
      }
      await transaction.saveAutonomy([...known.values()])
      await transaction.addEvents(events)
    }
}

function idOf({ policy, action }: ReviewedDecision): string {
  return autonomyIdFor(policy.digest, action)
}
