import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { CursorExpiredError } from '../errors.ts'
import { fieldsOf } from '../fields.ts'
import { SWEEP_MS } from '../limits.ts'
import type { After } from '../log/cursor.ts'
import { createStreamLog } from '../log/stream-log.ts'
import { createStreamTail, type StreamTail } from '../log/stream-tail.ts'
import type { Answers } from './answers.ts'
import { createCatchUp } from './catch-up.ts'
import type { Deliver } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Groups } from './groups.ts'
import { isOfInterest } from './interest.ts'
import type { Subscriber } from './subscriber.ts'
import type { Subscribers } from './subscribers.ts'

type Options = Readonly<{
  redis: Redis
  groups: Groups
  subscribers: Subscribers
  answers: Answers
  deliver: Deliver
  fanOut: FanOut
  logger: Logger
}>

export type EventFlow = Readonly<{
  /** Delivers to a subscriber everything after `after`, then live events. Starts the flow if it is paused. */
  follow: (subscriber: Subscriber, after: After | null) => Promise<void>
  pause: () => void
}>

/** Moves events from the streams to the groups that want them, while there are subscribers. */
export function createEventFlow(options: Options): EventFlow {
  const { redis, groups, subscribers, answers, deliver, fanOut, logger } = options
  const log = createStreamLog(redis)
  const tail = createStreamTail({
    redis,
    log,
    onEvent(event, sequence) {
      for (const group of groups.ofField(event.field)) {
        if (isOfInterest(group.interest, event)) fanOut.enqueue(group, event, sequence)
      }
      return fanOut.untilFewWait()
    },
    onLost(stream) {
      for (const field of fieldsOf(stream)) subscribers.endAll(() => new CursorExpiredError(), field)
    },
    logger,
  })
  const catchUp = createCatchUp({ log, tail, answers, deliver, logger })
  const running = createRunning(tail, subscribers.sweep)

  return {
    async follow(subscriber, after) {
      if (!subscriber.isOpen) return
      await running.start()
      if (after !== null) await catchUp(subscriber, after)
      else subscriber.fromSequence = tail.sequence()
    },
    pause: running.stop,
  }
}

/** The tail and the sweep, which run only while there are subscribers. */
function createRunning(tail: Pick<StreamTail, 'start' | 'stop'>, sweep: () => void) {
  let sweeping: NodeJS.Timeout | null = null
  return {
    start() {
      sweeping ??= setInterval(sweep, SWEEP_MS).unref()
      return tail.start()
    },
    stop() {
      if (sweeping !== null) clearInterval(sweeping)
      sweeping = null
      tail.stop()
    },
  }
}
