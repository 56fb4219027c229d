import type { Logger } from '@redress/shared/process/logger.ts'
import { withSignal } from '@redress/shared/resilience/deadline.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import { LRUCache } from 'lru-cache'
import { codedError } from '../../execution/coded-error.ts'
import { ANSWER_TIMEOUT_MS, ANSWERS_AT_ONCE_MAX, ANSWERS_KEPT_BYTES_MAX, ANSWERS_KEPT_MS } from '../limits.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'
import { createConcurrencyLimit } from './limit-concurrency.ts'

export type Answers = Readonly<{
  /** The text for an event, computed once per key. Never rejects: a failure is a text too. */
  answer: (subscription: PreparedSubscription, event: StreamEvent) => Promise<string>
  /** Drops the answers that are kept, which belong to the previous schema. */
  forget: () => void
}>

const MESSAGE = 'The event could not be completed on our side. It is not sent again: read its subject instead.'

/** Computes the answers to events, a limited number at a time, and keeps them for subscribers that catch up. */
export function createAnswers(logger: Logger): Answers {
  const limit = createConcurrencyLimit(ANSWERS_AT_ONCE_MAX)
  const kept = new LRUCache<string, string>({
    maxSize: ANSWERS_KEPT_BYTES_MAX,
    sizeCalculation: (text, key) => text.length + key.length,
    ttl: ANSWERS_KEPT_MS,
  })

  const compute = async (key: string, subscription: PreparedSubscription, event: StreamEvent): Promise<string> => {
    try {
      const text = await withSignal(ANSWER_TIMEOUT_MS, (signal) => subscription.answer(event.fields, signal))
      kept.set(key, text)
      return text
    } catch (err) {
      logger.error({ err, eventId: event.eventId, field: event.field }, 'event not answered')
      return toFailureText(event)
    }
  }
  const computeOnce = createSingleFlight((key, subscription: PreparedSubscription, event: StreamEvent) =>
    limit.run(() => compute(key, subscription, event)),
  )

  return {
    forget: () => kept.clear(),
    answer(subscription, event) {
      const key = `${event.field} ${event.entryId} ${subscription.key}`
      const known = kept.get(key)
      return known === undefined ? computeOnce(key, subscription, event) : Promise.resolve(known)
    },
  }
}

/** Tells the client that there was an event, and the cursor from which it can continue. */
function toFailureText({ field, cursor, subject }: StreamEvent): string {
  const error = codedError('INTERNAL_SERVER_ERROR', MESSAGE, { cursor, ...subject })
  return JSON.stringify({ data: null, errors: [{ ...error, path: [field] }] })
}
