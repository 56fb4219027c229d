import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { ClientSession, Db, MongoClient } from 'mongodb'
import { createAnalyseDecisions } from '../decisions/analytics/analyse-decisions.ts'
import { createReadFacts } from '../decisions/analytics/mongo-decision-facts.ts'
import type { Collections } from '../decisions/outbound/documents.ts'
import { createDecisionsTransaction } from '../decisions/outbound/mongo-decisions-store.ts'
import type { Views } from '../decisions/use-cases/views.ts'
import type { NewReview } from '../domain/review.ts'
import { createGuardAutonomy } from './guard-autonomy.ts'
import {
  autonomyCollectionOf,
  createAutonomyTransaction,
  createMongoAutonomyStore,
  createMongoAutonomyViews,
  prepareAutonomyCollection,
} from './mongo-autonomy.ts'
import { createPeopleResolvers } from './people-resolvers.ts'
import { recordReviews } from './record-reviews.ts'
import { createRestoreAutonomy } from './restore-autonomy.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  db: Db
  outbox: Outbox
  collections: Collections
  views: Views
  autonomy: Parameters<typeof createGuardAutonomy>[0]
}>

/** What people make of decisions, and how far decisions may go without them. */
export async function openPeople({ mongo, db, outbox, collections, views, autonomy: limits }: Dependencies) {
  const autonomy = autonomyCollectionOf(db)
  await prepareAutonomyCollection(autonomy)
  const guardAutonomy = createGuardAutonomy(limits)
  return {
    resolvers: createPeopleResolvers({
      views,
      analyseDecisions: createAnalyseDecisions({ readFacts: createReadFacts(collections) }),
      autonomy: createMongoAutonomyViews(autonomy),
      restoreAutonomy: createRestoreAutonomy({
        store: createMongoAutonomyStore({ mongo, autonomy, outbox }),
        now: () => new Date(),
        onCommit: outbox.wake,
      }),
    }),
    /** Writes reviews down, and takes an action's autonomy away where they say so, within the transaction of `session`. */
    recordReviews: (reviews: readonly NewReview[], session: ClientSession) =>
      recordReviews(
        reviews,
        createDecisionsTransaction(collections, outbox, session),
        guardAutonomy(createAutonomyTransaction(autonomy, outbox, session)),
      ),
  }
}
