import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { Collection } from 'mongodb'
import type { OnFailure } from '../flows/flow.ts'
import type { Registry } from '../frame/job-definition.ts'
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
    /** The hash of the order of its flow, in the first job of one: a repeat with another hash is another flow. */
    flowHash?: string
    /** It runs once its children have ended. */
    waitsForChildren?: true
    /** The effect of its failure on the job that it is a part of. */
    onFailure?: OnFailure
    /** The job that it is a part of does not know its end yet, which may be still to come. */
    unsettled?: true
  }

export type RecordCollection = Collection<RecordDocument>

const IS_OPEN = { dueAt: { $exists: true } }
const IS_UNSETTLED = { unsettled: { $exists: true } }
const IS_CHILD = { parentId: { $exists: true } }
const IS_PARENT = { waitsForChildren: { $exists: true } }

/** The indexes `newest` serve the lists of callers. Only the jobs of flows are in the last ones. */
export const JOB_RECORDS: CollectionDefinition<RecordDocument> = defineCollection<RecordDocument>({
  name: 'jobs',
  indexes: [
    { key: { dueAt: 1, _id: 1 }, name: 'due', partialFilterExpression: IS_OPEN },
    { key: { createdAt: -1, _id: -1 }, name: 'newest' },
    { key: { queue: 1, createdAt: -1, _id: -1 }, name: 'newest_of_queue' },
    { key: { type: 1, createdAt: -1, _id: -1 }, name: 'newest_of_type' },
    { key: { actor: 1, createdAt: -1, _id: -1 }, name: 'newest_of_actor' },
    { key: { parentId: 1, _id: 1 }, name: 'children', partialFilterExpression: IS_CHILD },
    { key: { unsettled: 1, endedAt: 1 }, name: 'ended_children', partialFilterExpression: IS_UNSETTLED },
    { key: { waitsForChildren: 1, status: 1 }, name: 'parents', partialFilterExpression: IS_PARENT },
  ],
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

/** Of an attempt that counts. */
export const COUNTED = { $inc: { attempts: 1 } } as const
/** The fields that only an open job has. */
export const CLOSED = { run: 1, dueAt: 1 } as const

/** A job that has ended says when its record is deleted. */
export type ToEnded = (type: string, at: Date) => Required<Pick<RecordDocument, 'endedAt' | 'updatedAt' | 'expiresAt'>>

/** Of a type that this version does not know. */
const RETENTION_DAYS = 90

export function createToEnded(registry: Registry): ToEnded {
  return (type, at) => {
    const days = registry[type]?.retentionDays ?? RETENTION_DAYS
    return { endedAt: at, updatedAt: at, expiresAt: new Date(at.getTime() + days * DAY_MS) }
  }
}

const ABSENT = {
  ...{ failure: null, progress: null, scheduledFor: null, requestId: null, parentId: null, cancelRequest: null },
  ...{ startedAt: null, endedAt: null, expiresAt: null },
}

export function toDocument({ id, data, result, ...rest }: JobRecord): RecordDocument {
  const given: Partial<Record<keyof typeof rest, unknown>> = {}
  for (const field of Object.keys(rest) as (keyof typeof rest)[]) if (rest[field] !== null) given[field] = rest[field]
  const dueAt = rest.scheduledFor ?? rest.createdAt
  return { _id: id, ...(given as typeof rest), data: pack(data), ...(result && { result: pack(result) }), dueAt }
}

export function fromDocument({ _id, data, result, ...stored }: RecordDocument): JobRecord {
  const {
    run: _run,
    dueAt: _dueAt,
    waitsForChildren: _waits,
    onFailure: _onFailure,
    unsettled: _unsettled,
    ...rest
  } = stored
  return { id: _id, ...ABSENT, ...rest, data: unpack(data), result: result === undefined ? null : unpack(result) }
}
