import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import type { Collection } from 'mongodb'
import { pack, type StoredJson, unpack } from '../records/stored-json.ts'
import type { DeadJob, DeadLetter, Queued } from './dead-letter.ts'

/** A dead letter as it is stored. Fields that are null are left out. */
export type LetterDocument = Omit<DeadLetter, 'id' | 'stack' | 'payload' | 'isRetryable' | 'handling'> & {
  _id: string
  stack?: string
  payload: StoredJson
  retry?: NonNullable<DeadJob['retry']>
  queued?: { message: StoredJson; priority: number }
  handling?: DeadLetter['handling']
  /** Retried, but not in the queue yet. Only of a job without a record. */
  toQueue?: true
  expiresAt: Date
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
    { key: { toQueue: 1, _id: 1 }, name: 'to_queue', partialFilterExpression: IS_TO_QUEUE },
  ],
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

export function toLetter({ _id: id, stack, payload, retry, handling, ...stored }: LetterDocument): DeadLetter {
  const { queued: _queued, toQueue: _toQueue, expiresAt: _expiresAt, ...rest } = stored
  return {
    ...{ id, ...rest, stack: stack ?? null, payload: unpack(payload) },
    ...{ isRetryable: retry !== undefined, handling: handling ?? null },
  }
}

export const packQueued = ({ message, priority }: Queued) => ({ message: pack(message), priority })
