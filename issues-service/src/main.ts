import { STREAMS } from '@redress/shared/events/envelope.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { consumeEvents } from '@redress/shared/service/consume-events.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService } from '@redress/shared/service/open-service.ts'
import { serveUntilStopped } from '@redress/shared/service/serve.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import type { RequestCaller } from '@redress/shared/subgraph/request-context.ts'
import { monotonicFactory } from 'ulid'
import { archiveRepeatedly } from './archive/archive-repeatedly.ts'
import { createFollowArchiveJobs } from './archive/follow-archive-jobs.ts'
import { readConfig } from './config.ts'
import { createResolvers } from './create-resolvers.ts'
import { createUseCases } from './create-use-cases.ts'
import { openIntake } from './intake/open-intake.ts'
import { askAgainRepeatedly } from './issues/inbound/ask-again-repeatedly.ts'
import { createDecisionEvents } from './issues/inbound/decision-events.ts'
import { eraseTextsRepeatedly } from './privacy/erase-repeatedly.ts'
import { followingErasures } from './privacy/erasure-events.ts'
import { openStores } from './stores/open-stores.ts'
import { createLoaders } from './views/loaders.ts'

const config = configOrExit(readConfig)

// Stores and clients. Closed in reverse order when this module ends, whether it ends well or not.
await using service = await openService('issues', config)
const outbox = await openOutbox(service, STREAMS.issues)
const now = () => new Date()
const { keys, dueHours, stuckAfterMs } = config
const stores = await openStores({ service, outbox, keys, dueHours, now })

// Use cases. Ids are random once a millisecond, and counted within it: drawing all of each took a tenth of the time.
const createId = monotonicFactory()
const useCases = createUseCases({ stores, createId, dueHours, stuckAfterMs, now, onCommit: outbox.wake })

// Inbound: the subgraph, events and health.
const { issues: store, issuesIn: transactionIn, erasures, erasuresIn, viewsOf, importViewsOf } = stores
const { stuckIssues, events } = stores
const { followDecisions, readPersonalData } = useCases
const intake = openIntake(service, { ...stores, outbox, createId, dueHours, now })
const others = createFollowArchiveJobs({ addRun: stores.addArchiveRun, now })
const decisionEvents = createDecisionEvents({ followDecisions, transactionIn, others, outbox })
const deadLetters = await consumeEvents(service, {
  ...followingErasures(decisionEvents, erasuresIn),
  followOther: intake.followActs,
})
eraseTextsRepeatedly(service, { store: erasures, now, onCommit: outbox.wake })
askAgainRepeatedly(service, { store, stuckIssues, events, now, stuckAfterMs })
archiveRepeatedly(service, useCases.archive)
const resolvers = createResolvers({ ...useCases, viewsOf, importViewsOf, archiveStore: stores.archive, dueHours, now })
await serveUntilStopped(service, {
  schemaFile: new URL('../schema.graphql', import.meta.url),
  ...combineParts(deadLetters, intake, ...resolvers, {
    resolvers: {},
    createLoaders: ({ principal }: RequestCaller) =>
      createLoaders({ views: viewsOf(principal.tenant), erasures, readPersonalData }),
  }),
  internalPublicKey: config.internalPublicKey,
})
