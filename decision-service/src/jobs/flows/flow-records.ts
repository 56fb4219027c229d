import { inTransaction, isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, Filter, MongoClient } from 'mongodb'
import type { Registry } from '../frame/job-definition.ts'
import type { JobFailure } from '../frame/job-failure.ts'
import type { JobRecord } from '../records/job-record.ts'
import {
  createToEnded,
  fromDocument,
  type RecordCollection,
  type RecordDocument,
  type ToEnded,
  toDocument,
} from '../records/record-document.ts'
import { type ChildState, FLOW_JOBS_MAX, type OnFailure } from './flow.ts'

export type StoredFlow = Readonly<{ job: JobRecord; flowHash: string | undefined }>
export type FlowJob = Readonly<{ record: JobRecord; onFailure: OnFailure; isParent: boolean }>

/** Which jobs a round looks at: few enough to be read at once. */
const PAGE = 100
/** Before every end of a job: a range, so that the index of children serves it. */
const EVER = new Date(0)

export type DueFlows = Readonly<{
  /** Jobs that were cancelled while they waited, and whose children were not. */
  cancelled: readonly JobRecord[]
  /** Children that have ended, and whose parent does not know it. */
  ended: readonly Readonly<{ id: string; parentId: string }>[]
  /** Jobs that wait, though they were opened again. */
  reopened: readonly string[]
}>

/** The records of jobs that wait for others, and of those others. */
export type FlowRecords = Readonly<{
  /** Adds all, or none where the first is there already, which it gives then, with the hash of its flow if it has one. */
  add(jobs: readonly FlowJob[], flowHash: string): Promise<StoredFlow | null>
  /** The jobs that another one waits for. */
  children(parentId: string): Promise<readonly JobRecord[]>
  /** A job that waits for others, and their states; null where it waits no longer. */
  findWaiting(parentId: string): Promise<Readonly<{ parent: JobRecord; children: readonly ChildState[] }> | null>
  /** The jobs that are to be carried on, at most PAGE. */
  findDue(): Promise<DueFlows>
  /** Notes that the parents of ended children know it. */
  noteSettled(ids: readonly string[]): Promise<void>
  noteCancelled(parentId: string): Promise<void>
  /** Lets a job run that has waited. Null where it waits no longer. */
  release(parentId: string, at: Date): Promise<JobRecord | null>
  /** Ends a job that waits. It waits again if it is opened again. Null where it waits no longer. */
  fail(
    parent: Pick<JobRecord, 'id' | 'type'>,
    failure: JobFailure,
    at: Date,
    session?: ClientSession,
  ): Promise<JobRecord | null>
  /** Lets an opened job wait again, for the end of each of its children. */
  waitAgain(parentId: string): Promise<void>
}>

type Dependencies = Readonly<{ mongo: MongoClient; collection: RecordCollection; registry: Registry }>

export function createFlowRecords({ mongo, collection, registry }: Dependencies): FlowRecords {
  const writes = createWrites(collection, createToEnded(registry))
  return { ...createReads(collection), ...writes, add: createAdd(mongo, collection) }
}

const AFTER = { returnDocument: 'after' } as const
const WAITS = { waitsForChildren: true } as const
/** One query, each branch of which an index serves: a leader asks every second. */
export const FLOWS_DUE: Filter<RecordDocument> = {
  $or: [
    { ...WAITS, status: 'CANCELLED' },
    { ...WAITS, status: 'PENDING', dueAt: { $exists: true } },
    { unsettled: true, endedAt: { $gt: EVER } },
  ],
}
const waiting = (id: string) => ({ _id: id, status: 'PENDING' as const, ...WAITS })

type Reads = Pick<FlowRecords, 'children' | 'findWaiting' | 'findDue'>

function createReads(collection: RecordCollection): Reads {
  const childrenOf = (parentId: string) => collection.find({ parentId }).sort({ _id: 1 }).limit(FLOW_JOBS_MAX).toArray()
  return {
    children: async (parentId) => (await childrenOf(parentId)).map(fromDocument),
    async findWaiting(parentId) {
      const parent = await collection.findOne(waiting(parentId))
      return parent && { parent: fromDocument(parent), children: (await childrenOf(parentId)).map(toChildState) }
    },
    async findDue() {
      const found = await collection.find(FLOWS_DUE).limit(PAGE).toArray()
      const waits = found.filter(({ waitsForChildren }) => waitsForChildren)
      const ended = found.filter(({ unsettled, endedAt }) => unsettled && endedAt)
      return {
        cancelled: waits.filter(({ status }) => status === 'CANCELLED').map(fromDocument),
        ended: ended.map(({ _id, parentId }) => ({ id: _id, parentId: parentId! })),
        reopened: waits.filter(({ status, dueAt }) => status === 'PENDING' && dueAt).map(({ _id }) => _id),
      }
    },
  }
}

function toChildState({ _id: id, status, endedAt, onFailure = 'FAIL_PARENT' }: RecordDocument): ChildState {
  return { id, hasEnded: endedAt !== undefined, hasFailed: status === 'FAILED' || status === 'CANCELLED', onFailure }
}

type Writes = Pick<FlowRecords, 'noteSettled' | 'noteCancelled' | 'release' | 'fail' | 'waitAgain'>

function createWrites(collection: RecordCollection, toEnded: ToEnded): Writes {
  return {
    async noteSettled(ids) {
      // One that was opened again in the meantime has not ended.
      const ended = { _id: { $in: [...ids] }, endedAt: { $exists: true } }
      await collection.updateMany(ended, { $unset: { unsettled: 1 } })
    },
    noteCancelled: async (id) => void (await collection.updateOne({ _id: id }, { $unset: { waitsForChildren: 1 } })),
    async release(id, at) {
      const change = { $set: { dueAt: at, updatedAt: at }, $unset: { waitsForChildren: 1 as const } }
      const released = await collection.findOneAndUpdate(waiting(id), change, { returnDocument: 'after' })
      return released && fromDocument(released)
    },
    async fail({ id, type }, failure, at, session) {
      const fields = { status: 'FAILED' as const, failure, ...toEnded(type, at) }
      const change = { $set: fields, $unset: { dueAt: 1 as const } }
      const failed = await collection.findOneAndUpdate(waiting(id), change, { ...AFTER, ...(session && { session }) })
      return failed && fromDocument(failed)
    },
    async waitAgain(id) {
      // Also those that have ended: one may do so just now.
      await collection.updateMany({ parentId: id }, { $set: { unsettled: true } })
      await collection.updateOne(waiting(id), { $unset: { dueAt: 1 } })
    },
  }
}

function createAdd(mongo: MongoClient, collection: RecordCollection): FlowRecords['add'] {
  return async (jobs, flowHash) => {
    const [first, ...others] = jobs.map(toFlowDocument)
    const documents = [{ ...first!, flowHash }, ...others]
    try {
      await inTransaction(mongo, async (session) => void (await collection.insertMany(documents, { session })))
      return null
    } catch (error) {
      const there = isDuplicateKey(error) ? await collection.findOne({ _id: documents[0]!._id }) : null
      if (there === null) throw error
      return { job: fromDocument(there), flowHash: there.flowHash }
    }
  }
}

/** A job that waits for others has no moment at which it is due, so that nothing queues it. */
function toFlowDocument({ record, onFailure, isParent }: FlowJob): RecordDocument {
  const { dueAt, ...document } = toDocument(record)
  return {
    ...document,
    ...(isParent ? WAITS : { dueAt: dueAt! }),
    ...(record.parentId !== null && { onFailure, unsettled: true }),
  }
}
