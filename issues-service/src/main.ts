import { STREAMS } from '@redress/shared/events/envelope.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { consumeEvents } from '@redress/shared/service/consume-events.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService } from '@redress/shared/service/open-service.ts'
import { serveUntilStopped } from '@redress/shared/service/serve.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { monotonicFactory } from 'ulid'
import { readConfig } from './config.ts'
import { askAgainRepeatedly } from './inbound/ask-again-repeatedly.ts'
import { createDecisionEvents } from './inbound/decision-events.ts'
import { createLoaders } from './inbound/loaders.ts'
import { createResolvers } from './inbound/resolvers.ts'
import { COLLECTIONS } from './outbound/collections.ts'
import { createEventLog } from './outbound/event-log.ts'
import { createIssuesTransactions, createMongoIssuesStore } from './outbound/mongo-issues-store.ts'
import { createMongoPersonalData } from './outbound/mongo-personal-data.ts'
import { createMongoViews } from './outbound/mongo-views.ts'
import { createCreateIssue, createCreateIssues } from './use-cases/create-issues.ts'
import { createFollowDecisions } from './use-cases/follow-decisions.ts'
import { createReadPersonalData } from './use-cases/read-personal-data.ts'
import { createRetryIssue } from './use-cases/retry-issue.ts'
import { createReviewIssue } from './use-cases/review-issue.ts'

const config = configOrExit(readConfig)

// Stores and clients. Closed in reverse order when this module ends, whether it ends well or not.
await using service = await openService('issues', config)
const { mongo, db } = service
const collections = await openCollections(db, COLLECTIONS)
const outbox = await openOutbox(service, STREAMS.issues)
const store = createMongoIssuesStore({ mongo, collections, outbox })
const views = createMongoViews(collections)
const personalData = createMongoPersonalData(collections, readMasterKey(config.encryptionKey))
const events = createEventLog(mongo, outbox)

// Use cases.
const now = () => new Date()
const stores = { store, now, onCommit: outbox.wake }
// Random once a millisecond, and counted within it: drawing all of each id took a tenth of the time of this process.
const createId = monotonicFactory()
const createIssues = createCreateIssues({ ...stores, createId: () => `iss_${createId()}` })
const createIssue = createCreateIssue(createIssues)
const moves = { reviewIssue: createReviewIssue(stores), retryIssue: createRetryIssue(stores) }
const followDecisions = createFollowDecisions({ now })
const readPersonalData = createReadPersonalData({ personalData, events, createId: () => createId(), now })

// Inbound: the subgraph, events and health.
const transactionIn = createIssuesTransactions({ collections, outbox })
const deadLetters = await consumeEvents(service, createDecisionEvents({ followDecisions, transactionIn, outbox }))
askAgainRepeatedly(service, { store, views, events, now, stuckAfterMs: config.stuckAfterMs })
const resolvers = createResolvers({ createIssue, createIssues, ...moves, views })
await serveUntilStopped(service, {
  schemaFile: new URL('../schema.graphql', import.meta.url),
  ...combineParts(deadLetters, { resolvers, createLoaders: () => createLoaders(views, readPersonalData) }),
  internalPublicKey: config.internalPublicKey,
})
