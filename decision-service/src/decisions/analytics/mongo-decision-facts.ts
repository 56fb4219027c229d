import type { ClientSession } from 'mongodb'
import type { ReviewedDecision, StoredDecision } from '../../domain/stored-decision.ts'
import {
  type DecisionCollections,
  type FactDocument,
  type StoredFact,
  type Unusual,
  USUAL_FACTS,
} from '../outbound/documents.ts'
import type { ReadFacts } from './analyse-decisions.ts'
import { type DecisionFact, toFact } from './decision-fact.ts'

type Facts = Pick<DecisionCollections, 'decisionFacts'>

/** Facts read at once: few enough not to block this process or the database noticeably. */
const SLICE = 5_000
/** Documents in the first slice; how many facts a document has is known after it. */
const FIRST_DOCUMENTS = 500
const DEADLINE_MS = 5_000

/**
 * Keeps the facts in step with the decisions, within the transaction that stores those. A decision is ten times as large,
 * most of it its trace: statistics over a hundred thousand decisions would read some hundred megabytes.
 */
export function createFactKeeper({ decisionFacts: facts }: Facts, session: ClientSession) {
  const review = async (decision: ReviewedDecision) => {
    const found = await facts.find({ _id: ofMoment(decision) }, { session }).toArray()
    for (const document of found) {
      const index = toStoredFacts(document).findIndex(({ id }) => id === decision.id)
      if (index === -1) continue
      const path = document.facts ? `facts.${index}.review` : 'review'
      await facts.updateOne({ _id: document._id }, { $set: { [path]: toFact(decision).review } }, { session })
    }
  }
  return {
    async add(decisions: readonly StoredDecision[]): Promise<void> {
      const byMoment = Map.groupBy(decisions, ({ decidedAt }) => decidedAt.toISOString())
      await facts.insertMany([...byMoment.values()].map(toDocument), { session })
    },
    async review(decisions: readonly ReviewedDecision[]): Promise<void> {
      for (const decision of decisions) await review(decision)
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
    let documents = Math.min(sliceSize, FIRST_DOCUMENTS)
    let next = readSlice({ $gt: from.toISOString(), $lt: end }, documents)
    for (let left = limit; ; ) {
      const slice = await next
      const found = slice.flatMap(toDecisionFacts)
      const last = slice.length === documents && left > found.length ? slice.at(-1) : undefined
      if (last) {
        documents = Math.max(1, Math.floor((sliceSize * slice.length) / found.length))
        // While one slice is counted the database reads the next; a failure is reported in its turn.
        next = readSlice({ $gt: last._id, $lt: end }, documents)
        next.catch(() => {})
      }
      yield found.slice(0, left)
      left -= found.length
      if (!last) return
    }
  }
}

function toDocument(decisions: readonly StoredDecision[]): FactDocument {
  const { decidedAt, id } = decisions[0]!
  return { _id: `${decidedAt.toISOString()} ${id}`, facts: decisions.map(toStoredFact) }
}

function toStoredFact(decision: StoredDecision): StoredFact {
  const entries = Object.entries(toFact(decision)).filter(([name, value]) => value !== USUAL_FACTS[name as Unusual])
  return { id: decision.id, ...(Object.fromEntries(entries) as DecisionFact) }
}

function toStoredFacts({ _id, ...document }: FactDocument): readonly StoredFact[] {
  return document.facts ?? [{ id: _id.slice(_id.indexOf(' ') + 1), ...document }]
}

function toDecisionFacts(document: FactDocument): readonly DecisionFact[] {
  return toStoredFacts(document).map(({ id: _, ...fact }) => ({ ...USUAL_FACTS, ...fact }))
}

/** The ids of all documents of the moment of a decision. */
function ofMoment({ decidedAt }: StoredDecision) {
  const moment = decidedAt.toISOString()
  return { $gte: `${moment} `, $lt: `${moment}!` }
}
