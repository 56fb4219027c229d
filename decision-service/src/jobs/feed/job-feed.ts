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
/** How long changes are gathered. Of changes of one job within this time only the last is published: most jobs are shorter. */
const GATHER_MS = 50
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

/** The last change of each job or queue, as an event that is made when it is sent. */
type Waiting = Map<string, () => DomainEvent>

export function openJobFeed(options: Options): JobFeed {
  const waiting: Waiting = new Map()
  const closing = new AbortController()
  const batches = createBatches(waiting, options)
  let sending: Promise<void> | null = null
  const wait = (ms: number) => pause(ms, undefined, { ref: false, signal: closing.signal }).catch(() => {})

  const sendAll = async () => {
    await wait(GATHER_MS)
    while (waiting.size > 0 || batches.hasLost()) {
      const isSent = await batches.send()
      if (!isSent && closing.signal.aborted) break
      if (!isSent) await wait(RETRY_MS)
    }
    sending = null
  }
  const add = (id: string, toEvent: () => DomainEvent) => {
    // Behind those that changed before it.
    if (waiting.delete(id) || waiting.size < WAITING_MAX) waiting.set(id, toEvent)
    else batches.lose()
    sending ??= sendAll()
  }
  return {
    job(change) {
      const at = new Date()
      add(change.id, () => toJobEvent(change, at))
    },
    queue(queue) {
      const at = new Date()
      add(queue.name, () => toQueueEvent(queue, at))
    },
    async close() {
      closing.abort()
      await sending
    },
  }
}

/** Where events are lost, the stream begins a new epoch, so that subscribers know it. */
function createBatches(waiting: Waiting, { redis, logger }: Options) {
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
        await within(TIMEOUT_MS, stream.append(takeTexts(waiting), { afterLoss }))
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

function takeTexts(waiting: Waiting): readonly string[] {
  const taken = [...waiting.entries().take(BATCH)]
  for (const [id] of taken) waiting.delete(id)
  return taken.map(([, toEvent]) => JSON.stringify(toEvent()))
}
