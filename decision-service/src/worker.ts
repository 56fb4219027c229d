import { STREAMS } from '@redress/shared/events/envelope.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { openDatabase } from '@redress/shared/service/open-database.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService } from '@redress/shared/service/open-service.ts'
import { serveHealthUntilStopped } from '@redress/shared/service/serve.ts'
import { readWorkerConfig } from './config.ts'
import { DATABASE } from './database.ts'
import { openBacklog } from './decisions/backlog/open-backlog.ts'
import { openDeciding } from './decisions/open-decisions.ts'
import { openReports } from './decisions/reports/open-reports.ts'
import { openEngines } from './engines/open-engines.ts'
import { createTrackAnalytics } from './jobs/analytics/track-analytics.ts'
import { openQueues } from './jobs/frame/open-queues.ts'
import { openLimits } from './jobs/limits/open-limits.ts'
import { createAskForArchive } from './jobs/maintenance/ask-for-archive.ts'
import { openCleanUp } from './jobs/maintenance/open-clean-up.ts'
import { openWorkers } from './jobs/open-jobs.ts'
import { openOversightWatch } from './oversight/open-oversight.ts'
import { openRuleAlerts } from './payments/open-payments.ts'
import { openPolicies } from './policies/open-policies.ts'
import { createReadBacktestJobs } from './policies/trials/backtest/backtest-source.ts'
import { openBacktestRuns } from './policies/trials/backtest/open-backtests.ts'

const config = configOrExit(readWorkerConfig)

// Stores and clients. Closed in reverse order when this module ends, whether it ends well or not.
await using service = await openService('worker', config)
const collections = await openDatabase(service, DATABASE)
const outbox = await openOutbox(service, STREAMS.decisions)
const queues = openQueues(service, config.queues)
const stores = { ...service, collections, outbox, queues, queueRedis: queues.decisions.redis }

// Use cases.
const policies = await openPolicies(stores, config.skillsDirectory)
const limits = await openLimits(stores, config.limits)
const engines = await openEngines({ ...stores, limits }, { config, policies })
const oversight = await openOversightWatch(stores, config.oversight)
const alertsOf = await openRuleAlerts(stores)
const { holdMaxMs } = config.ai
const deciding = openDeciding(stores, { policies, engines, oversight, alertsOf, holdMaxMs })
await openBacklog(stores, { config, policies, spend: engines.spend, ...deciding })
const backtest = openBacktestRuns(stores, { policies, thresholds: config.thresholds })

// Inbound: jobs and health.
const handlers = { 'decide-issue': deciding.handler, 'backtest-policy': backtest }
const processors = {
  'analytics-track': createTrackAnalytics(collections.analyticsEvents),
  'archive-issues': createAskForArchive({ ...stores, now: () => new Date() }),
  'cleanup-old-data': openCleanUp(stores),
  'generate-report': openReports(stores, [createReadBacktestJobs(collections)]),
}
openWorkers({ ...stores, limits }, { handlers, processors }, { ...config.queues, ...config.works })
await serveHealthUntilStopped(service)
