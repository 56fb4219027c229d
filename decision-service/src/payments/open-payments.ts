import { setTimeout as wait } from 'node:timers/promises'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { createTokenBucket } from '../jobs/redis/token-bucket.ts'
import { createPaymentLoaders } from './inbound/payment-loaders.ts'
import { createPaymentMetrics } from './inbound/payment-metrics.ts'
import { createPaymentResolvers } from './inbound/payment-resolvers.ts'
import { createIssuesClient, type IssuesClient } from './outbound/issues-client.ts'
import { createFindPaymentHistory, createMongoPaymentViews } from './outbound/mongo-payment-views.ts'
import { createMongoPayments } from './outbound/mongo-payments.ts'
import { createSettlePayments } from './outbound/mongo-settlements.ts'
import type { PaymentCollections } from './outbound/payment-documents.ts'
import { createPaymentTools } from './outbound/payment-tools.ts'
import { createPaymentTurns } from './outbound/payment-turns.ts'
import { checkRule } from './rules/check-rule.ts'
import { createMongoRules, createReadRules, type RuleCollections } from './rules/mongo-rules.ts'
import { createAlertsOf } from './rules/raise-rule-alerts.ts'
import { createRuleResolvers } from './rules/rule-resolvers.ts'
import { createRuleWatch } from './rules/rule-watch.ts'
import { createUpsertRule } from './rules/upsert-rule.ts'
import { createDecidePayment, PAYMENTS_PER_SECOND } from './use-cases/decide-payment.ts'
import type { FindPaymentRuleHits } from './use-cases/ports.ts'

type Stores = Pick<Service, 'mongo' | 'redis' | 'metrics' | 'logger' | 'resources'> &
  Readonly<{ collections: PaymentCollections & RuleCollections; outbox: Outbox }>

const now = () => new Date()

/** Decides payments, and keeps the business rules. */
export async function openPayments(stores: Stores, { issuesUrl }: Readonly<{ issuesUrl: string }>) {
  const { collections, outbox, logger, resources } = stores
  const rules = createMongoRules(stores)
  const watch = await openRuleWatch(stores)
  const issues = createIssuesClient({
    url: issuesUrl,
    onBreaker: (state) => logger.warn({ subgraph: 'issues', breaker: state }, 'circuit breaker'),
  })
  resources.defer(() => issues.close())

  const views = createMongoPaymentViews(collections)
  const decidePayment = openDecidePayment(stores, { issues, ruleHitsOf: watch.hitsOfPayment })
  const upsertRule = createUpsertRule({ rules, checkRule, now, onCommit: outbox.wake })
  return {
    payments: {
      resolvers: createPaymentResolvers({ decidePayment, views, now }),
      createLoaders: () => createPaymentLoaders(views),
    },
    settlePayments: createSettlePayments(stores),
    rules: { resolvers: createRuleResolvers({ rules, upsertRule }) },
  }
}

/** The alerts of the business rules, for those who decide issues. */
export async function openRuleAlerts(stores: Stores) {
  return createAlertsOf((await openRuleWatch(stores)).hitsOf)
}

async function openRuleWatch({ collections, logger, resources }: Stores) {
  const watch = createRuleWatch({ readRules: createReadRules(collections), logger })
  await watch.start()
  resources.defer(() => watch.stop())
  return watch
}

type Deciding = Readonly<{ issues: IssuesClient; ruleHitsOf: FindPaymentRuleHits }>

function openDecidePayment(stores: Stores, { issues, ruleHitsOf }: Deciding) {
  const { collections, outbox, redis, metrics, logger } = stores
  const bucket = { prefix: 'payments', ratePerSecond: PAYMENTS_PER_SECOND, burst: PAYMENTS_PER_SECOND }
  const counts = createPaymentMetrics(metrics)
  return createDecidePayment({
    takeTurn: createPaymentTurns({ take: createTokenBucket({ redis, ...bucket }), logger }),
    payments: createMongoPayments(stores),
    tools: createPaymentTools({ issues, findHistory: createFindPaymentHistory(collections), now }),
    ruleHitsOf,
    now,
    monotonicMs: () => performance.now(),
    wait: (ms) => wait(ms),
    onDecided(payment) {
      counts.decided(payment)
      outbox.wake()
    },
  })
}
