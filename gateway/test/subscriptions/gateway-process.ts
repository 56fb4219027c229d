import { createLogger } from '@redress/shared/logger.ts'
import { connectRedis } from '@redress/shared/redis.ts'
import { createHttpSource, startIssuesSubgraph } from './issues-subgraph.ts'
import { startSubscriptionGateway } from './subscription-gateway.ts'

/**
 * The subscriptions of the gateway as a process of their own, for scripts/bench/subscriptions.ts. Says by message where
 * it serves, and answers each message with its counts and its resident memory.
 */
const MANY = 100_000

const logger = createLogger('subscriptions', { level: 'warn' })
const redis = await connectRedis(process.env.REDIS_URL ?? '', { name: 'subscriptions', logger })
const issues = await startIssuesSubgraph()
const gateway = await startSubscriptionGateway({
  redis,
  sources: { issues: createHttpSource(issues.url) },
  limits: { subscriptionsPerPrincipalMax: MANY },
  logger,
})

process.on('message', () => {
  const { done, subscriptions } = gateway
  process.send?.({ counts: subscriptions.counts(), answered: done.answered, rssBytes: process.memoryUsage.rss() })
})
process.send?.({ ready: true, url: gateway.websocketUrl })
