import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import type { Collection } from 'mongodb'
import type { QueueName } from '../frame/queues.ts'
import { pack, type StoredJson, unpack } from '../records/stored-json.ts'
import type { DeadJob, DeadLetter, DeadLetterEvent, Queued } from './dead-letter.ts'

/** A dead letter as it is stored. Fields that are null are left out. */
export type LetterDocument = Omit<
  DeadLetter,
  'id' | 'queue' | 'event' | 'stack' | 'payload' | 'isRetryable' | 'handling'
> & {
  _id: string
  queue?: QueueName
  event?: DeadLetterEvent
  stack?: string
  payload: StoredJson
  /** EVENT: its service lets the event wait for attempts again. */
  retry?: NonNullable<DeadJob['retry']> | 'EVENT'
  queued?: { message: StoredJson; priority: number }
  handling?: DeadLetter['handling']
  /** Retried, but not in the queue yet. Only of a job without a record. */
  toQueue?: true
  /** That of an event expires once it was handled: its service keeps the event for as long. */
  expiresAt?: Date
}

export type LetterCollection = Collection<LetterDocument>

const IS_TO_QUEUE = { toQueue: { $exists: true } }

/** A filter by service, type, queue or code walks the lists by time: dead letters are few. */
export const DEAD_LETTERS: CollectionDefinition<LetterDocument> = defineCollection<LetterDocument>({
  name: 'dead_letters',
  indexes: [
    { key: { lastFailedAt: -1, _id: -1 }, name: 'newest' },
    { key: { state: 1, lastFailedAt: -1, _id: -1 }, name: 'newest_of_state' },
    // Whether a cause has an open letter already.
    { key: { state: 1, type: 1, code: 1 }, name: 'of_cause' },
    // Letters of events, by the entity of the event.
    { key: { 'event.subject.id': 1 }, name: 'by_subject', sparse: true },
    { key: { toQueue: 1, _id: 1 }, name: 'to_queue', partialFilterExpression: IS_TO_QUEUE },
  ],
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

export function toLetter(document: LetterDocument): DeadLetter {
  const { _id: id, queue, event, stack, payload, retry, handling, ...stored } = document
  const { queued: _queued, toQueue: _toQueue, expiresAt: _expiresAt, ...rest } = stored
  return {
    ...{ id, ...rest, queue: queue ?? null, event: event ?? null, stack: stack ?? null, payload: unpack(payload) },
    ...{ isRetryable: retry !== undefined, handling: handling ?? null },
  }
}

export const packQueued = ({ message, priority }: Queued) => ({ message: pack(message), priority })
