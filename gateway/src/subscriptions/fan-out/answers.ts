import type { Logger } from '@redress/shared/process/logger.ts'
import { LRUCache } from 'lru-cache'
import { ANSWER_TIMEOUT_MS, ANSWERS_AT_ONCE_MAX, ANSWERS_KEPT_BYTES_MAX, ANSWERS_KEPT_MS } from '../limits.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'
import { createGate } from './limit-concurrency.ts'

export type Answers = Readonly<{
  /** The text for an event; whoever asks with the same key shares one answer. Never rejects: a failure is a text too. */
  answer: (subscription: PreparedSubscription, event: StreamEvent) => Promise<string>
  /** Answers of another schema are of no use any more. */
  forget: () => void
}>

const MESSAGE = 'The event could not be completed on our side. It is not sent again: read the issue instead.'

export function createAnswers(logger: Logger): Answers {
  const gate = createGate(ANSWERS_AT_ONCE_MAX)
  const running = new Map<string, Promise<string>>()
  const kept = new LRUCache<string, string>({
    maxSize: ANSWERS_KEPT_BYTES_MAX,
    sizeCalculation: (text, key) => text.length + key.length,
    ttl: ANSWERS_KEPT_MS,
  })

  const workOut = async (subscription: PreparedSubscription, event: StreamEvent, key: string): Promise<string> => {
    try {
      const text = await answerInTime(subscription, event)
      kept.set(key, text)
      return text
    } catch (err) {
      logger.error({ err, eventId: event.eventId, field: event.field }, 'event not answered')
      return toFailureText(event)
    }
  }

  return {
    forget: () => kept.clear(),
    answer(subscription, event) {
      const key = `${event.field} ${event.entryId} ${subscription.key}`
      const known = kept.get(key)
      if (known !== undefined) return Promise.resolve(known)
      const begun = running.get(key)
      if (begun) return begun
      const answer = gate.run(() => workOut(subscription, event, key)).finally(() => running.delete(key))
      running.set(key, answer)
      return answer
    },
  }
}

/** An answer that does not heed its signal is not waited for either. */
async function answerInTime(subscription: PreparedSubscription, event: StreamEvent): Promise<string> {
  const tooLate = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    tooLate.abort()
    reject(new Error(`The answer took more than ${ANSWER_TIMEOUT_MS} ms.`))
  }, ANSWER_TIMEOUT_MS)
  try {
    return await Promise.race([subscription.answer(event.fields, tooLate.signal), promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The subscriber learns that there was an event, and where it can go on; nothing is left out without a word. */
function toFailureText({ field, cursor, issueId }: StreamEvent): string {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', cursor, issueId }
  return JSON.stringify({ data: null, errors: [{ message: MESSAGE, path: [field], extensions }] })
}
