import type { Filter } from 'mongodb'
import { type DecisionCollections, type DecisionDocument, NOT_HIDDEN } from '../../../decisions/outbound/documents.ts'
import type { Range } from './backtest.ts'
import type { MadeDecision } from './backtest-result.ts'
import type { MadeDecisions } from './ports.ts'

/** All that a candidate is held against; the trace, which is most of a decision, is not read. */
const PROJECTION = { case: 1, action: 1, routing: 1, blind: 1, autonomySuspended: 1, decidedAt: 1 } as const

export function createMadeDecisions({ decisions }: Pick<DecisionCollections, 'decisions'>): MadeDecisions {
  return {
    count: (range, limit) => decisions.countDocuments(within(range, range.from), { limit }),
    async read(range, { after, limit }) {
      const filter = after === null ? within(range, range.from) : beyond(range, after)
      const found = await decisions
        .find(filter, { projection: PROJECTION })
        .sort({ decidedAt: 1, _id: 1 })
        .limit(limit)
        .toArray()
      return found.map(toMadeDecision)
    },
  }
}

/**
 * Decisions of the first versions of this service kept no case that could be decided again. One that waits for a blind
 * review is left out: in a range of its own, the result would reveal what it recommends.
 */
function within({ skill, to }: Range & { skill: string }, from: Date): Filter<DecisionDocument> {
  return { 'policy.skill': skill, decidedAt: { $gte: from, $lt: to }, case: { $exists: true }, ...NOT_HIDDEN }
}

function beyond(range: Range & { skill: string }, { decidedAt, id }: MadeDecision): Filter<DecisionDocument> {
  return { ...within(range, decidedAt), $or: [{ decidedAt: { $gt: decidedAt } }, { _id: { $gt: id } }] }
}

/** Decisions that were made before there was any oversight are neither blind nor suspended. */
function toMadeDecision({ _id, blind = false, autonomySuspended = false, ...rest }: DecisionDocument): MadeDecision {
  const { case: decisionCase, action, routing, decidedAt } = rest
  return { id: _id, case: decisionCase, action, routing, blind, autonomySuspended, decidedAt }
}
