import type { ClientSession } from 'mongodb'
import type { ReviewedDecision, StoredDecision } from '../../domain/stored-decision.ts'
import { type DecisionCollections, type FactDocument, type Unusual, USUAL_FACTS } from '../outbound/documents.ts'
import type { ReadFacts } from './analyse-decisions.ts'
import { type DecisionFact, toFact } from './decision-fact.ts'

type Facts = Pick<DecisionCollections, 'decisionFacts'>

/** Small enough not to block this process or the database noticeably. */
const SLICE = 5_000
const DEADLINE_MS = 5_000

/**
 * Keeps the facts in step with the decisions, within the transaction that stores those. A decision is ten times as large,
 * most of it its trace: statistics over a hundred thousand decisions would read some hundred megabytes.
 */
export function createFactKeeper({ decisionFacts: facts }: Facts, session: ClientSession) {
  return {
    async add(decisions: readonly StoredDecision[]): Promise<void> {
      await facts.insertMany(decisions.map(toDocument), { session })
    },
    async review(decisions: readonly ReviewedDecision[]): Promise<void> {
      const updates = decisions.map((decision) => ({
        updateOne: { filter: { _id: idOf(decision) }, update: { $set: { review: toFact(decision).review } } },
      }))
      await facts.bulkWrite(updates, { session, ordered: false })
    },
  }
}

/** A copy that lags by a moment is good enough for statistics, and spares the primary. */
export function createReadFacts({ decisionFacts: facts }: Facts, sliceSize = SLICE): ReadFacts {
  const readSlice = (ids: Readonly<{ $gt: string; $lt: string }>, limit: number) =>
    facts
      .find(
        { _id: ids },
        // One batch holds all of it.
        { readPreference: 'secondaryPreferred', maxTimeMS: DEADLINE_MS, batchSize: limit + 1 },
      )
      .sort({ _id: 1 })
      .limit(limit)
      .toArray()

  return async function* ({ from, to }, limit) {
    const end = to.toISOString()
    let next: Promise<readonly FactDocument[]> = readSlice({ $gt: from.toISOString(), $lt: end }, sliceSize)
    for (let left = limit; ; left -= sliceSize) {
      const slice = await next
      const last = slice.length === sliceSize && left > sliceSize ? slice.at(-1) : undefined
      if (last) {
        // While one slice is counted the database reads the next; should that fail, it is heard of in its turn.
        next = readSlice({ $gt: last._id, $lt: end }, sliceSize)
        next.catch(() => {})
      }
      yield slice.slice(0, left).map(toDecisionFact)
      if (!last) return
    }
  }
}

function toDocument(decision: StoredDecision): FactDocument {
  const entries = Object.entries(toFact(decision)).filter(([name, value]) => value !== USUAL_FACTS[name as Unusual])
  return { _id: idOf(decision), ...(Object.fromEntries(entries) as DecisionFact) }
}

function toDecisionFact({ _id, ...rest }: FactDocument): DecisionFact {
  return { ...USUAL_FACTS, ...rest }
}

function idOf({ id, decidedAt }: Pick<StoredDecision, 'id' | 'decidedAt'>): string {
  return `${decidedAt.toISOString()} ${id}`
}
