import { STREAMS } from '@redress/shared/events/envelope.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { consumeEvents } from '@redress/shared/service/consume-events.ts'
import { openDatabase } from '@redress/shared/service/open-database.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService } from '@redress/shared/service/open-service.ts'
import { serveUntilStopped } from '@redress/shared/service/serve.ts'
import { combineParts } from '../../shared/src/subgraph/combine-parts.ts'
import { readSubgraphConfig } from './config.ts'
import { DATABASE } from './database.ts'
import { openDecisions } from './decisions/open-decisions.ts'
import { openEngines } from './engines/open-engines.ts'
import { listingEvents } from './jobs/dead-letters/list-events.ts'
import { openQueues } from './jobs/frame/open-queues.ts'
import { openLimits } from './jobs/limits/open-limits.ts'
import { openJobs } from './jobs/open-jobs.ts'
import { openOperations } from './jobs/open-operations.ts'
import { openOversight } from './oversight/open-oversight.ts'
import { openPayments } from './payments/open-payments.ts'
import { openPolicies, openPolicyChanges } from './policies/open-policies.ts'
import { openBacktests } from './policies/trials/backtest/open-backtests.ts'
import { openTrials, SIMULATION_BUDGET_MS } from './policies/trials/open-trials.ts'

const config = configOrExit(readSubgraphConfig)

// Stores and clients. Closed in reverse order when this module ends, whether it ends well or not.
await using service = await openService('decisions', config)
const collections = await openDatabase(service, DATABASE)
const outbox = await openOutbox(service, STREAMS.decisions)
const queues = openQueues(service, config.queues)
const stores = { ...service, collections, outbox, queues, queueRedis: queues.decisions.redis }

// Use cases.
const policies = await openPolicies(stores, config.skillsDirectory)
const limits = await openLimits(stores, config.limits)
const engines = await openEngines({ ...stores, limits }, { config, policies, budgetMaxMs: SIMULATION_BUDGET_MS })
const { recordReviews, ...oversight } = openOversight(stores, { rule: config.oversight.autonomy, policies })
const { payments, rules, settlePayments } = await openPayments(stores, config)
const decisions = openDecisions(stores, { recordReviews, settlePayments })
const policyChanges = openPolicyChanges(stores)
const backtests = openBacktests(stores, { policies })
const trials = openTrials(stores, { policies, engines, views: decisions.views })

// Inbound: the subgraph, events and health.
const deadLetters = await consumeEvents(service, listingEvents(decisions.events, collections.deadLetters))
const jobs = openJobs(stores, {
  ...config.queues,
  thresholds: config.queueThresholds,
  recoverEach: [decisions.recover, backtests.recover],
  findOldest: { decisions: decisions.findOldest },
  sources: [decisions.source, backtests.source],
  jobsOfIssue: decisions.jobsOfIssue,
})
const work = await openOperations(stores, config, jobs)
await serveUntilStopped(service, {
  schemaFile: new URL('../schema.graphql', import.meta.url),
  ...combineParts(deadLetters, decisions, oversight, policyChanges, backtests, trials, payments, rules, jobs, work),
  internalPublicKey: config.internalPublicKey,
})
