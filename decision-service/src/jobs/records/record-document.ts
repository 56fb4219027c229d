import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import type { Collection } from 'mongodb'
import type { JobRecord } from './job-record.ts'
import { pack, type StoredJson, unpack } from './stored-json.ts'

/** A record as it is stored. Fields that are null are left out. */
export type RecordDocument = Pick<
  JobRecord,
  'type' | 'queue' | 'priority' | 'status' | 'attempts' | 'maxAttempts' | 'actor' | 'createdAt' | 'updatedAt'
> &
  Partial<
    Pick<
      JobRecord,
      'failure' | 'progress' | 'scheduledFor' | 'requestId' | 'trace' | 'parentId' | 'cancelRequest' | 'startedAt'
    >
  > &
  Partial<Pick<JobRecord, 'endedAt' | 'expiresAt'>> & {
    _id: string
    data: StoredJson
    result?: StoredJson
    /** The attempt that runs. */
    run?: string
    /** When it should have begun, or last said something, while it is open: recovery looks up what is long past it. */
    dueAt?: Date
  }

export type RecordCollection = Collection<RecordDocument>

const IS_OPEN = { dueAt: { $exists: true } }

/** Each index but that of open jobs serves a list of callers, newest first. */
export const JOB_RECORDS: CollectionDefinition<RecordDocument> = defineCollection<RecordDocument>({
  name: 'jobs',
  indexes: [
    { key: { dueAt: 1, _id: 1 }, name: 'due', partialFilterExpression: IS_OPEN },
    { key: { createdAt: -1, _id: -1 }, name: 'newest' },
    { key: { queue: 1, createdAt: -1, _id: -1 }, name: 'newest_of_queue' },
    { key: { type: 1, createdAt: -1, _id: -1 }, name: 'newest_of_type' },
    { key: { actor: 1, createdAt: -1, _id: -1 }, name: 'newest_of_actor' },
  ],
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

/** Of an attempt that counts. */
export const COUNTED = { $inc: { attempts: 1 } } as const
/** The fields that only an open job has. */
export const CLOSED = { run: 1, dueAt: 1 } as const

/** A job that has ended says when its record is deleted. */
export type ToEnded = (type: string, at: Date) => Required<Pick<RecordDocument, 'endedAt' | 'updatedAt' | 'expiresAt'>>

const ABSENT = {
  ...{ failure: null, progress: null, scheduledFor: null, requestId: null, parentId: null, cancelRequest: null },
  ...{ startedAt: null, endedAt: null, expiresAt: null },
}

export function toDocument({ id, data, result, ...rest }: JobRecord): RecordDocument {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)) as typeof rest
  const dueAt = rest.scheduledFor ?? rest.createdAt
  return { _id: id, ...given, data: pack(data), ...(result && { result: pack(result) }), dueAt }
}

export function fromDocument({ _id, data, result, run: _, dueAt: __, ...rest }: RecordDocument): JobRecord {
  return { id: _id, ...ABSENT, ...rest, data: unpack(data), result: result === undefined ? null : unpack(result) }
}
