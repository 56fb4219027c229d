import { ACTORS } from '@redress/shared/access/actors.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { createAddDeadJobs } from '../../jobs/dead-letters/dead-jobs.ts'
import { JOBS } from '../../jobs/frame/registry.ts'
import { createFactKeeper } from '../analytics/mongo-decision-facts.ts'
import { type DecisionJob, jobIdFor } from '../domain/job.ts'
import type { DecisionsStore, DecisionsTransaction } from '../use-cases/ports.ts'
import { type DecisionCollections, toDecision, toJob } from './documents.ts'

type Dependencies = Readonly<{ mongo: MongoClient; collections: DecisionCollections; outbox: Outbox }>

/** Decisions and jobs in MongoDB. A change and its event share one transaction, so neither exists alone. */
export function createMongoDecisionsStore({ mongo, collections, outbox }: Dependencies): DecisionsStore {
  return {
    transact: (work) =>
      inTransaction(mongo, (session) => work(createDecisionsTransaction(collections, outbox, session))),
    noteHeld: async (jobId, at) => void (await collections.jobs.updateOne({ _id: jobId }, { $set: { heldAt: at } })),
  }
}

/** The same, within the caller's transaction. */
export function createDecisionsTransaction(
  collections: DecisionCollections,
  outbox: Outbox,
  session: ClientSession,
): DecisionsTransaction {
  const { decisions, decisionFacts } = collections
  const facts = createFactKeeper({ decisionFacts }, session)
  return {
    ...createJobTransaction(collections, outbox, session),
    async findDecisions(ids) {
      const found = await decisions.find({ _id: { $in: [...ids] } }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toDecision(document)]))
    },
    async addDecisions(added) {
      await decisions.insertMany(
        added.map(({ id, ...rest }) => ({ _id: id, ...rest })),
        { session },
      )
      await facts.add(added)
    },
    async setReviews(reviewed) {
      if (reviewed.length === 0) return
      const updates = reviewed.map(({ id, review }) => ({
        updateOne: { filter: { _id: id }, update: { $set: { review } } },
      }))
      await decisions.bulkWrite(updates, { session, ordered: false })
      await facts.review(reviewed)
    },
    addEvents: (events) => outbox.add(events, session),
  }
}

type OfJobs = Pick<DecisionsTransaction, 'findJobs' | 'addJobs' | 'setStatus' | 'addDeadJob'>

function createJobTransaction(collections: DecisionCollections, outbox: Outbox, session: ClientSession): OfJobs {
  const { jobs } = collections
  return {
    async findJobs(ids) {
      const found = await jobs.find({ _id: { $in: [...ids] } }, { session }).toArray()
      return new Map(found.map((document) => [document._id, toJob(document)]))
    },
    async addJobs(added) {
      await jobs.insertMany(
        added.map(({ id, ...rest }) => ({ _id: id, ...rest })),
        { session },
      )
      await closeLetters(collections, added, session)
    },
    async setStatus(ids, status, at, facts) {
      const ended = status === 'COMPLETED' || status === 'FAILED'
      const fields = { status, updatedAt: at, ...(ended && { endedAt: at }), ...facts }
      await jobs.updateMany({ _id: { $in: [...ids] } }, { $set: fields }, { session })
    },
    addDeadJob: (job, at) => createAddDeadJobs({ collections, outbox, registry: JOBS })([job], at, session),
  }
}

/**
 * Closes the dead letters of issues whose decision is asked for again. The first request of an issue, as nearly all are,
 * has none, and costs no write.
 */
async function closeLetters(
  { deadLetters }: DecisionCollections,
  added: readonly DecisionJob[],
  session: ClientSession,
) {
  const again = added.filter(({ id, case: { issueId } }) => id !== jobIdFor(`${issueId}-1`))
  if (again.length === 0) return
  const writes = again.map(({ case: { issueId }, createdAt: at }) => {
    const ofIssue = jobIdFor(`${issueId}-`)
    const handling = { actor: ACTORS.issues, reason: ASKED_AGAIN, at }
    const filter = { _id: { $gte: ofIssue, $lt: `${ofIssue}:` }, state: 'OPEN' as const }
    return { updateMany: { filter, update: { $set: { state: 'RETRIED' as const, handling } } } }
  })
  await deadLetters.bulkWrite(writes, { session, ordered: false })
}

const ASKED_AGAIN = 'A decision of its issue was asked for again.'
