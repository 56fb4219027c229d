import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { ClientSession } from 'mongodb'
import type { Oversight } from '../decisions/domain/oversight.ts'
import type { DecisionCollections } from '../decisions/outbound/documents.ts'
import { createDecisionsTransaction } from '../decisions/outbound/mongo-decisions-store.ts'
import type { NewReview } from '../domain/review.ts'
import type { AutonomyRule } from './autonomy.ts'
import { startOversightWatch } from './autonomy-watch.ts'
import { createGuardAutonomy } from './guard-autonomy.ts'
import {
  type AutonomyCollections,
  createAutonomyTransaction,
  createMongoAutonomyStore,
  createMongoAutonomyViews,
} from './mongo-autonomy.ts'
import { recordReviews } from './record-reviews.ts'
import { createOversightResolvers } from './resolvers.ts'
import { createRestoreAutonomy } from './restore-autonomy.ts'

type Stores = Pick<Service, 'mongo' | 'logger' | 'resources'> &
  Readonly<{ collections: AutonomyCollections & DecisionCollections; outbox: Outbox }>

type Options = Readonly<{
  rule: AutonomyRule
  policies: Readonly<{ find: (digest: string) => Promise<object | null> }>
}>

/** Keeps reviews, and suspends or restores the autonomy of actions. */
export function openOversight({ mongo, collections, outbox }: Stores, { rule, policies }: Options) {
  const { autonomy } = collections
  const guardAutonomy = createGuardAutonomy(rule)
  return {
    resolvers: createOversightResolvers({
      autonomy: createMongoAutonomyViews(autonomy),
      restoreAutonomy: createRestoreAutonomy({
        store: createMongoAutonomyStore({ mongo, autonomy, outbox }),
        isVersion: async (digest) => (await policies.find(digest)) !== null,
        now: () => new Date(),
        onCommit: outbox.wake,
      }),
    }),
    /** Records reviews and their effect on autonomy, within the transaction of `session`. */
    recordReviews: (reviews: readonly NewReview[], session: ClientSession) =>
      recordReviews(
        reviews,
        createDecisionsTransaction(collections, outbox, session),
        guardAutonomy(createAutonomyTransaction(autonomy, outbox, session)),
      ),
  }
}

/** Knows which actions are suspended, for those who decide. */
export async function openOversightWatch(
  { collections, logger, resources }: Stores,
  { blindShare }: Readonly<{ blindShare: number }>,
): Promise<Oversight> {
  const watch = await startOversightWatch({ autonomy: collections.autonomy, blindShare, logger })
  resources.defer(() => watch.stop())
  return watch.oversight
}
