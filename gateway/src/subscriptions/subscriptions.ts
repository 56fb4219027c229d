import { setTimeout as pause } from 'node:timers/promises'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { CursorExpiredError, StoppingError } from './errors.ts'
import { createAnswers } from './fan-out/answers.ts'
import { createCatchUp } from './fan-out/catch-up.ts'
import { createFanOut } from './fan-out/fan-out.ts'
import { createGroups } from './fan-out/groups.ts'
import { isOfInterest } from './fan-out/interest.ts'
import { type Counts, createCounters, type SubscriptionObserver } from './fan-out/live-metrics.ts'
import { createOpening, type Open } from './fan-out/open-subscription.ts'
import { createQuota } from './fan-out/quota.ts'
import { refreshGroups } from './fan-out/refresh-groups.ts'
import { createDelivery, NO_LONGER, type Subscriber } from './fan-out/subscriber.ts'
import { createMembership } from './fan-out/subscribers.ts'
import { createValidity } from './fan-out/validity.ts'
import { DEFAULT_LIMITS, DRAIN_MS, type Limits, SWEEP_MS } from './limits.ts'
import type { After } from './log/cursor.ts'
import { FIELD_OF_STREAM } from './log/stream-event.ts'
import { createStreamLog } from './log/stream-log.ts'
import { createStreamTail } from './log/stream-tail.ts'
import type { Caller, GraphqlRequest, Operations } from './prepared-subscription.ts'

export type SubscriptionsOptions = Readonly<{
  /** For pages of events. Live events come over a connection of their own, open while there are subscribers. */
  redis: Redis
  operations: Operations
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
  /** Prepares all requests anew, as after a change of the schema. No event is lost or sent twice. */
  refresh: () => Promise<void>
  counts: () => Counts
  /** Takes no new subscription, delivers what was read, within DRAIN_MS, and ends all. */
  close: () => Promise<void>
}>

/** Live events for any number of clients, from one reader of the streams; what each is told, its sink carries. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { redis, operations, observe = {}, now = Date.now, logger } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const validity = createValidity(now)
  const counters = createCounters(observe)
  const groups = createGroups()
  const answers = createAnswers(logger)
  const log = createStreamLog(redis)
  const quota = createQuota(limits)
  let isClosing = false

  const membership = createMembership({ groups, quota, counters, validity, onNobody: () => life.rest() })
  const deliver = createDelivery({
    isValid: validity.isValid,
    bufferedBytesMax: limits.bufferedBytesMax,
    end: membership.end,
  })
  const fanOut = createFanOut({
    answers,
    validity,
    deliver,
    onDelivered: ({ field, atMs }, subscribers) => counters.delivered(field, { subscribers, lagMs: now() - atMs }),
  })
  const tail = createStreamTail({
    redis,
    log,
    onEvent(event, sequence) {
      for (const group of groups.ofField(event.field)) {
        if (isOfInterest(group.interest, event)) fanOut.enqueue(group, event, sequence)
      }
      return fanOut.untilFewWait()
    },
    onReset: (stream) => groups.forgetEntries(FIELD_OF_STREAM[stream]),
    onLost: (stream) => membership.endAll(() => new CursorExpiredError(), FIELD_OF_STREAM[stream]),
    logger,
  })
  const life = createLife(tail, membership.sweep)
  const catchUp = createCatchUp({ log, tail, answers, deliver, logger })

  const demandWelcome = async (caller: Caller) => {
    if (isClosing) throw new StoppingError()
    await validity.renew(caller)
    if (!validity.isValid(caller)) throw new UnauthenticatedError(NO_LONGER)
  }

  const follow = async (subscriber: Subscriber, after: After | null) => {
    if (!subscriber.isOpen) return
    await life.wake()
    if (after !== null) await catchUp(subscriber, after)
    else subscriber.fromSequence = tail.sequence()
  }

  return {
    limits,
    open: createOpening({ membership, prepare: operations.prepare, demandWelcome, follow, logger }),
    async runOnce(request, caller) {
      await demandWelcome(caller)
      return operations.runOnce(request, caller)
    },
    async refresh() {
      answers.forget()
      await refreshGroups({ groups, prepare: operations.prepare, end: membership.end, logger })
    },
    counts: () => ({ ...counters.read(), catchingUp: groups.countCatchingUp() }),
    async close() {
      isClosing = true
      life.rest()
      const delivering = Promise.all(groups.all().map((group) => group.delivering))
      await Promise.race([delivering, pause(DRAIN_MS, null, { ref: false })])
      membership.endAll(({ cursor }) => new StoppingError(cursor))
    },
  }
}

/** What runs only while there are subscribers. */
function createLife(tail: Readonly<{ start: () => Promise<void>; stop: () => void }>, sweep: () => void) {
  let sweeping: NodeJS.Timeout | null = null
  return {
    wake() {
      sweeping ??= setInterval(sweep, SWEEP_MS).unref()
      return tail.start()
    },
    rest() {
      if (sweeping !== null) clearInterval(sweeping)
      sweeping = null
      tail.stop()
    },
  }
}
