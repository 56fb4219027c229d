import type { Logger } from '@redress/shared/process/logger.ts'
import { startRepeating } from '@redress/shared/process/repeat.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import type { Collection } from 'mongodb'
import type { JobQueue } from '../frame/open-queue.ts'
import type { Queues } from '../frame/open-queues.ts'
import { QUEUE_NAMES, type QueueName } from '../frame/queues.ts'
import type { SwitchDocument } from './switch-document.ts'

type Switches = Collection<SwitchDocument>

/** A pause is known to every worker within this. */
const POLL_MS = 1_000

export type PauseWatch = Readonly<{
  /**
   * Whether a queue that gave a job is paused, and pauses it again in Redis if so. Rejects where that cannot be found out.
   */
  isPaused(name: QueueName): false | Promise<boolean>
  stop(): Promise<void>
}>

type Options = Readonly<{ collection: Switches; queues: Queues; logger: Logger; pollMs?: number }>

/**
 * Knows the paused queues from MongoDB, for workers: a Redis that has lost everything gives them the jobs of a queue that
 * is paused.
 */
export function startPauseWatch({ collection, queues, logger, pollMs = POLL_MS }: Options): PauseWatch {
  let paused: ReadonlySet<QueueName> | null = null
  // Shared: before the first poll, a worker asks for every job that it begins with.
  const restore = createSingleFlight(
    async (name) => (await restorePause(queues[name as QueueName], collection)).isPaused,
  )
  const read = async () => {
    paused = new Set((await findPaused(collection)).map(({ _id }) => _id))
  }
  const { stop } = startRepeating({
    ...{ run: read, everyMs: pollMs, giveUpMs: 0 },
    onError: (err) => logger.warn({ err }, 'paused queues not read'),
  })
  return {
    stop,
    isPaused(name) {
      if (paused !== null && !paused.has(name)) return false
      return restore(name)
    },
  }
}

export function findPaused(collection: Switches): Promise<SwitchDocument[]> {
  return collection.find({ _id: { $in: [...QUEUE_NAMES] }, paused: true }).toArray()
}

/** Returns a function that finds out whether a queue is paused on record. */
export function createIsPaused(collection: Switches) {
  return async (name: QueueName) => (await collection.countDocuments({ _id: name, paused: true })) > 0
}

/** Pauses a queue in Redis that was paused, unless it was resumed since. */
export async function restorePause(
  { name, use }: JobQueue,
  collection: Switches,
): Promise<Readonly<{ isPaused: boolean; wasForgotten: boolean }>> {
  return use(async (queue) => {
    const wasForgotten = !(await queue.isPaused())
    if (wasForgotten) await queue.pause()
    const isPaused = await createIsPaused(collection)(name)
    if (!isPaused && wasForgotten) await queue.resume()
    return { isPaused, wasForgotten: isPaused && wasForgotten }
  })
}
