import { setTimeout as wait } from 'node:timers/promises'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import type { Db, MongoClient } from 'mongodb'
import { createTokenBucket } from '../jobs/token-bucket.ts'
import { createPaymentLoaders } from './inbound/payment-loaders.ts'
import { createPaymentMetrics } from './inbound/payment-metrics.ts'
import { createPaymentResolvers } from './inbound/payment-resolvers.ts'
import { createIssuesClient } from './outbound/issues-client.ts'
import { createFindPaymentHistory, createMongoPaymentViews } from './outbound/mongo-payment-views.ts'
import { createMongoPayments } from './outbound/mongo-payments.ts'
import { paymentCollectionsOf, preparePaymentCollections } from './outbound/payment-documents.ts'
import { createPaymentTools } from './outbound/payment-tools.ts'
import { createPaymentTurns } from './outbound/payment-turns.ts'
import { checkRule } from './rules/check-rule.ts'
import { createMongoRules, createReadRules } from './rules/mongo-rules.ts'
import { createRuleResolvers } from './rules/rule-resolvers.ts'
import { createRuleWatch } from './rules/rule-watch.ts'
import { createUpsertRule } from './rules/upsert-rule.ts'
import { createDecidePayment, PAYMENTS_PER_SECOND } from './use-cases/decide-payment.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  db: Db
  redis: Redis
  outbox: Outbox
  issuesUrl: string
  metrics: Metrics
  logger: Logger
  resources: AsyncDisposableStack
}>

/** Decisions about payments, and the rules that people keep beside the policies. */
export async function openPayments({ mongo, db, redis, outbox, issuesUrl, metrics, logger, resources }: Dependencies) {
  const collections = paymentCollectionsOf(db)
  await preparePaymentCollections(collections)
  const rules = createMongoRules({ mongo, collections, outbox })
  const watch = createRuleWatch({ readRules: createReadRules(collections), logger })
  await watch.start()
  resources.defer(() => watch.stop())
  const issues = createIssuesClient({
    url: issuesUrl,
    onBreaker: (state) => logger.warn({ subgraph: 'issues', breaker: state }, 'circuit breaker'),
  })
  resources.defer(() => issues.close())

  const now = () => new Date()
  const bucket = { prefix: 'payments', ratePerSecond: PAYMENTS_PER_SECOND, burst: PAYMENTS_PER_SECOND }
  const counts = createPaymentMetrics(metrics)
  const decidePayment = createDecidePayment({
    takeTurn: createPaymentTurns({ take: createTokenBucket({ redis, ...bucket }), logger }),
    payments: createMongoPayments({ mongo, collections, outbox }),
    tools: createPaymentTools({ issues, findHistory: createFindPaymentHistory(collections), now }),
    ruleHitsOf: watch.hitsOfPayment,
    now,
    monotonicMs: () => performance.now(),
    wait: (ms) => wait(ms),
    onDecided(payment) {
      counts.decided(payment)
      outbox.wake()
    },
  })
  const upsertRule = createUpsertRule({ rules, checkRule, now, onCommit: outbox.wake })
  const views = createMongoPaymentViews(collections)
  return {
    resolvers: [createPaymentResolvers({ decidePayment, views, now }), createRuleResolvers({ rules, upsertRule })],
    createLoaders: () => createPaymentLoaders(views),
  }
}
