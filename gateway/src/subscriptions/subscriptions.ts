import { setTimeout as pause } from 'node:timers/promises'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Caller } from '../access/caller.ts'
import { StoppingError } from './errors.ts'
import { createAnswers } from './fan-out/answers.ts'
import { CREDENTIALS_ENDED, createDelivery } from './fan-out/delivery.ts'
import { createEventFlow } from './fan-out/event-flow.ts'
import { createFanOut } from './fan-out/fan-out.ts'
import { createGroups, type Groups } from './fan-out/groups.ts'
import { type Counts, createLiveMetrics, type SubscriptionObserver } from './fan-out/live-metrics.ts'
import { createOpen, type Open } from './fan-out/open-subscription.ts'
import { createQuota } from './fan-out/quota.ts'
import { refreshGroups } from './fan-out/refresh-groups.ts'
import { createSubscribers } from './fan-out/subscribers.ts'
import { createValidity, type Validity } from './fan-out/validity.ts'
import { DEFAULT_LIMITS, DRAIN_MS, type Limits } from './limits.ts'
import type { StreamEvent } from './log/stream-event.ts'
import type { GraphqlRequest, StreamedOperations } from './prepared-subscription.ts'

export type SubscriptionsOptions = Readonly<{
  /** For pages of events. Live events use a connection of their own, open while there are subscribers. */
  redis: Redis
  operations: StreamedOperations
  limits?: Partial<Limits>
  observe?: SubscriptionObserver
  now?: () => number
  logger: Logger
}>

export type Subscriptions = Readonly<{
  limits: Limits
  open: Open
  /** Runs a query or a mutation. @throws UnauthenticatedError, StoppingError */
  runOnce: (request: GraphqlRequest, caller: Caller) => Promise<string>
  /** Prepares all requests again after a change of the schema. No event is lost or sent twice. */
  refresh: () => Promise<void>
  counts: () => Counts
  /** Refuses new subscriptions, delivers the events already read, within DRAIN_MS, and ends all subscriptions. */
  close: () => Promise<void>
}>

/** Live events for any number of clients, from one reader of the streams. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { redis, operations, observe = {}, now = Date.now, logger } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const validity = createValidity(now)
  const metrics = createLiveMetrics(observe)
  const groups = createGroups()
  const answers = createAnswers(logger)
  const quota = createQuota(limits)
  const subscribers = createSubscribers({ groups, quota, metrics, validity, onIdle: () => events.pause() })
  const { end } = subscribers
  const deliver = createDelivery({ isValid: validity.isValid, bufferedBytesMax: limits.bufferedBytesMax, end })
  const onDelivered = ({ field, atMs }: StreamEvent, count: number) => metrics.delivered(field, count, now() - atMs)
  const fanOut = createFanOut({ answers, validity, deliver, onDelivered })
  const events = createEventFlow({ redis, groups, subscribers, answers, deliver, fanOut, logger })
  const access = createAccess(validity)

  return {
    limits,
    open: createOpen({ ...operations, subscribers, requireAccess: access.require, follow: events.follow, logger }),
    async runOnce(request, caller) {
      await access.require(caller)
      return operations.runOnce(request, caller)
    },
    async refresh() {
      answers.forget()
      await refreshGroups({ groups, prepare: operations.prepare, end, logger })
    },
    counts: () => ({ ...metrics.read(), catchingUp: groups.countCatchingUp() }),
    async close() {
      access.close()
      events.pause()
      await drain(groups)
      subscribers.endAll(({ cursor }) => new StoppingError(cursor))
    },
  }
}

/** Admits callers with valid credentials until the gateway stops. */
function createAccess({ renew, isValid }: Validity) {
  let isClosed = false
  return {
    /** @throws UnauthenticatedError, StoppingError */
    async require(caller: Caller): Promise<void> {
      if (isClosed) throw new StoppingError()
      await renew(caller)
      if (!isValid(caller)) throw new UnauthenticatedError(CREDENTIALS_ENDED)
    },
    close() {
      isClosed = true
    },
  }
}

async function drain(groups: Groups): Promise<void> {
  const delivering = Promise.all(groups.all().map((group) => group.delivering))
  await Promise.race([delivering, pause(DRAIN_MS, null, { ref: false })])
}
