import { readEnvironment } from '@redress/shared/process/config.ts'
import { ServiceEnvironment, toServiceConfig } from '@redress/shared/process/service-environment.ts'
import { AiEnvironment, toAiConfig } from './engines/ai-config.ts'
import { BatchingEnvironment, toBatchingConfig } from './engines/batching-config.ts'
import { QueuesEnvironment, toQueuesConfig, toWorkersConfig, WorkersEnvironment } from './jobs/frame/jobs-config.ts'
import { LimitsEnvironment, toLimitsConfig } from './jobs/limits/limits-config.ts'
import { MonitoringEnvironment, toQueueThresholds } from './jobs/monitoring/monitoring-config.ts'
import { MaintenanceEnvironment, toMaintenanceConfig } from './jobs/schedules/maintenance.ts'
import { OversightEnvironment, toOversightConfig } from './oversight/oversight-config.ts'

const DatabaseEnvironment = ServiceEnvironment.pick('MONGODB_URI').merge({
  DECISIONS_DATABASE: "string > 0 = 'redress_decisions'",
})

/** The settings of both the subgraph and the worker. */
const Environment = ServiceEnvironment.merge(DatabaseEnvironment)
  .merge(AiEnvironment)
  .merge(BatchingEnvironment)
  .merge(OversightEnvironment)
  .merge(LimitsEnvironment)
  .merge(QueuesEnvironment)
  .merge({
    'SKILLS_DIR?': 'string > 0',
    CONFIDENCE_THRESHOLD: "string.numeric.parse |> 0 <= number <= 1 = '0.80'",
    HUMAN_REVIEW_THRESHOLD: "string.numeric.parse |> 0 <= number <= 1 = '0.70'",
  })

const SubgraphEnvironment = Environment.merge(MaintenanceEnvironment)
  .merge(MonitoringEnvironment)
  .merge({
    DECISIONS_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4002'",
    INTERNAL_PUBLIC_KEY: 'string > 0',
    ISSUES_URL: 'string.url',
    DOWNLOAD_KEY: /^[0-9a-fA-F]{64}$/,
  })

const WorkerEnvironment = Environment.merge(WorkersEnvironment).merge({
  WORKER_PORT: "string.integer.parse |> 0 <= number <= 65535 = '4012'",
})

/** The configuration of a program that only works on the database. */
export function readDatabaseConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(DatabaseEnvironment, environment)
  return { uri: env.MONGODB_URI, database: env.DECISIONS_DATABASE }
}

export function readSubgraphConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(SubgraphEnvironment, environment)
  return {
    ...toCommonConfig(env),
    port: env.DECISIONS_PORT,
    internalPublicKey: env.INTERNAL_PUBLIC_KEY,
    issuesUrl: env.ISSUES_URL,
    maintenance: toMaintenanceConfig(env),
    queueThresholds: toQueueThresholds(env),
    downloadKey: env.DOWNLOAD_KEY,
  }
}

export function readWorkerConfig(environment: NodeJS.ProcessEnv) {
  const env = readEnvironment(WorkerEnvironment, environment)
  return {
    ...toCommonConfig(env),
    port: env.WORKER_PORT,
    works: toWorkersConfig(env),
  }
}

function toCommonConfig(env: typeof Environment.infer) {
  const ai = toAiConfig(env)
  return {
    ...toServiceConfig(env),
    database: env.DECISIONS_DATABASE,
    skillsDirectory: env.SKILLS_DIR ?? new URL('../../skills', import.meta.url).pathname,
    ai,
    limits: toLimitsConfig(env, ai),
    ...toBatchingConfig(env),
    oversight: toOversightConfig(env),
    // Of the rules. Confidence is counted in percent everywhere else.
    thresholds: {
      autoResolve: Math.round(env.CONFIDENCE_THRESHOLD * 100),
      humanReview: Math.round(env.HUMAN_REVIEW_THRESHOLD * 100),
    },
    queues: toQueuesConfig(env),
  }
}
