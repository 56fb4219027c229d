import { toTenant } from '@redress/shared/access/tenant.ts'
import type { Collection, Filter } from 'mongodb'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { LetterCollections } from '../../jobs/dead-letters/dead-jobs.ts'
import type { DecisionFact } from '../analytics/decision-fact.ts'
import type { DecisionJob } from '../domain/job.ts'

/** A domain type as it is stored. Only outbound modules see documents. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }
export type DecisionDocument = Stored<StoredDecision>
/** `endedAt` starts the time after which the job is deleted. */
export type JobDocument = Stored<DecisionJob> & { endedAt?: Date }

/** The default values of facts. A field with its default is left out of the document. */
export const USUAL_FACTS = { fallback: false, blind: false, usage: null, shadow: null, atStake: null, review: null }
export type Unusual = keyof typeof USUAL_FACTS

/** The fact of a decision; `id` is that of the decision. */
export type StoredFact = Omit<DecisionFact, Unusual> & Partial<Pick<DecisionFact, Unusual>> & { id: string }

/**
 * The facts of decisions that were made in one transaction at one moment. The id begins with the moment, so that a range
 * of time is a range of ids. An earlier version stored each fact as a document of its own.
 */
export type FactDocument = { _id: string } & ({ facts: StoredFact[] } | (Omit<StoredFact, 'id'> & { facts?: never }))

export type DecisionCollections = LetterCollections &
  Readonly<{
    decisions: Collection<DecisionDocument>
    decisionFacts: Collection<FactDocument>
    jobs: Collection<JobDocument>
  }>

/** Every read for a caller uses it: `isHidden` of the domain as a query. */
export const NOT_HIDDEN: Filter<DecisionDocument> = { $nor: [{ blind: true, review: null }] }

/** The fields that decisions stored by earlier versions of this service lack. */
const BEFORE_THERE_WERE_MODELS = { model: null, usage: null, blind: false, autonomySuspended: false, shadow: null }

export function toDecision({ _id, ...rest }: DecisionDocument): StoredDecision {
  return { id: _id, ...BEFORE_THERE_WERE_MODELS, ...rest, tenant: toTenant(rest.tenant) }
}

export function toJob({ _id, endedAt: _, ...rest }: JobDocument): DecisionJob {
  return { id: _id, ...rest, tenant: toTenant(rest.tenant) }
}
