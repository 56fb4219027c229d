import { setTimeout as pause } from 'node:timers/promises'
import { createCappedStream } from '@redress/shared/events/capped-stream.ts'
import { type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { JobChange } from '../processors/job-change.ts'
import { type FeedQueue, toJobEvent, toQueueEvent } from './feed-events.ts'

/** Events of one call of Redis. */
const BATCH = 200
/** Events that wait for Redis; further ones are dropped. */
const WAITING_MAX = 5_000
const TIMEOUT_MS = 2_000
const RETRY_MS = 1_000

/** Publishes changes of jobs and queues for live views. Best effort: no call waits, fails or throws. */
export type JobFeed = Readonly<{
  job(change: JobChange): void
  queue(queue: FeedQueue): void
  /** Sends what waits, once. */
  close(): Promise<void>
}>

type Options = Readonly<{ redis: Redis; logger: Logger }>

/** The changes that arrive while a batch is sent form the next one. */
export function openJobFeed(options: Options): JobFeed {
  const waiting: string[] = []
  const closing = new AbortController()
  const batches = createBatches(waiting, options)
  let sending: Promise<void> | null = null

  const sendAll = async () => {
    while (waiting.length > 0 || batches.hasLost()) {
      const isSent = await batches.send()
      if (!isSent && closing.signal.aborted) break
      if (!isSent) await pause(RETRY_MS, undefined, { ref: false, signal: closing.signal }).catch(() => {})
    }
    sending = null
  }
  const add = (event: DomainEvent) => {
    if (waiting.length < WAITING_MAX) waiting.push(JSON.stringify(event))
    else batches.lose()
    // After this turn of the event loop, so that its changes share a batch.
    sending ??= Promise.resolve().then(sendAll)
  }
  return {
    job: (change) => add(toJobEvent(change, new Date())),
    queue: (queue) => add(toQueueEvent(queue, new Date())),
    async close() {
      closing.abort()
      await sending
    },
  }
}

/** Where events are lost, the stream begins a new epoch, so that subscribers know it. */
function createBatches(waiting: string[], { redis, logger }: Options) {
  const stream = createCappedStream(redis, STREAMS.jobs)
  let hasLost = false
  const lose = () => {
    hasLost = true
  }
  return {
    lose,
    hasLost: () => hasLost,
    /** @returns whether it was sent. */
    async send(): Promise<boolean> {
      if (!redis.isReady) return false
      const afterLoss = hasLost
      hasLost = false
      try {
        await within(TIMEOUT_MS, stream.append(waiting.splice(0, BATCH), { afterLoss }))
        return true
      } catch (err) {
        // Not sent again: they may have arrived.
        logger.warn({ err }, 'changes of jobs not published')
        lose()
        return false
      }
    },
  }
}
