import { openStreams } from '@redress/shared/testing/published-events.ts'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import type { Client } from 'graphql-ws'
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { createHttpSource, startIssuesSubgraph } from './issues-subgraph.ts'
import { connect } from './live-client.ts'
import { type SubscriptionGateway, startSubscriptionGateway } from './subscription-gateway.ts'

type Options = Partial<Parameters<typeof startSubscriptionGateway>[0]>

/**
 * The resources that the tests of one file share: a Redis, a subgraph, and gateways and clients that are closed after
 * each test.
 */
export async function openTestBed(databaseNumber: number) {
  const redis = await openTestRedis(databaseNumber)
  const reading = await connectTestRedis(databaseNumber)
  const issues = await startIssuesSubgraph()
  const source = createHttpSource(issues.url)
  const gateways: SubscriptionGateway[] = []
  const clients: Client[] = []

  beforeEach(async () => {
    await redis.flushDb()
    await openStreams(redis)
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.dispose()))
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
  })
  afterAll(async () => {
    await source.close()
    issues.stop()
    reading.destroy()
  })

  return {
    redis,
    issues,
    async startGateway(options: Options = {}) {
      const gateway = await startSubscriptionGateway({
        redis: reading,
        sources: { issues: source },
        logger: silent,
        ...options,
      })
      gateways.push(gateway)
      return gateway
    },
    /** A client of the library; `shown` is its token. */
    clientOf(gateway: SubscriptionGateway, shown = 'admin') {
      const client = connect(gateway.websocketUrl, { authorization: `Bearer ${shown}` })
      clients.push(client)
      return client
    },
    /** Waits until exactly `count` subscriptions are open and live. */
    untilLive: (gateway: SubscriptionGateway, count: number) => until(() => liveAt(gateway)).toBe(count),
  }
}

/** Waits for the thing itself. */
export const until = (read: () => unknown) => expect.poll(read, { interval: 5 })

export function liveAt({ subscriptions }: SubscriptionGateway): number {
  const { open, catchingUp } = subscriptions.counts()
  return Object.values(open).reduce((sum, count) => sum + count, 0) - catchingUp
}
