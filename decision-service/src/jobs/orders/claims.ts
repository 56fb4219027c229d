import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_MS, HOUR_MS } from '@redress/shared/time.ts'
import type { ClientSession, Collection } from 'mongodb'
import type { JobFailure } from '../frame/job-failure.ts'
import type { Queues } from '../frame/open-queues.ts'
import { insertNew } from '../records/insert-new.ts'
import type { JobRecord } from '../records/job-record.ts'
import { pack, type StoredJson, unpack } from '../records/stored-json.ts'
import { isKeyedId, queueOfId } from './job-id.ts'

/** The options of the first order of a key, beside its data. Absent where an earlier version has stored it. */
type FirstOrder = Pick<JobRecord, 'actor' | 'priority' | 'maxAttempts' | 'scheduledFor' | 'createdAt'>
/** When the attempt began that ended the job, and when it ended; null where an earlier version has not stored it. */
type Times = Pick<JobRecord, 'startedAt' | 'endedAt'>
type Ordered = Readonly<{ dataHash: string; order?: FirstOrder }>

/** How the job of an idempotency key goes. */
export type ClaimState = Ordered &
  Readonly<
    | { status: 'IN_PROGRESS' }
    | ({ status: 'COMPLETED'; result: object | null } & Times)
    | ({ status: 'FAILED'; failure: JobFailure } & Times)
  >
/** `dataHash` is that of the data of its first job: another one is a repeat with other data. */
export type NewClaim = Required<Ordered> & Readonly<{ id: string; retentionDays: number }>
/** `startedAt` is absent where no attempt has ended the job. */
export type ClaimEnding = (Readonly<{ result: object | null }> | Readonly<{ failure: JobFailure }>) &
  Readonly<{ startedAt?: Date | undefined }>

/**
 * The idempotency keys of jobs that are in Redis only; a record is its own claim. A key is known by the id of its job, of
 * which it is a part, and is stored nowhere.
 */
export type Claims = Readonly<{
  /** Claims a key for a new job. Gives the state of the job that has it already; null where it had none. */
  claim(claim: NewClaim, at: Date): Promise<ClaimState | null>
  /** The state of a job with a key; null where the key is not known, or known no more. */
  find(id: string): Promise<ClaimState | null>
  /** Gives a key back whose job could not be added. */
  release(id: string): Promise<void>
  /** Lets the keys of failed jobs that are opened again hold their next ending. Keys that are not known stay so. */
  reopen(ids: readonly string[], session: ClientSession): Promise<void>
  /** Forgets what Redis knows of a key, so that the next repetition reads the database. Does nothing for a job without a key. */
  forget(id: string): Promise<void>
  /** Notes how the job has ended; the first ending stays. Does nothing for a job without a key. */
  end(id: string, ending: ClaimEnding): Promise<void>
}>

export type ClaimDocument = {
  _id: string
  status: ClaimState['status']
  dataHash: string
  order?: FirstOrder
  result?: StoredJson
  failure?: JobFailure
  createdAt: Date
  startedAt?: Date
  endedAt?: Date
  expiresAt: Date
}

export const IDEMPOTENCY_KEYS: CollectionDefinition<ClaimDocument> = defineCollection<ClaimDocument>({
  name: 'idempotency_keys',
  retention: { field: 'expiresAt', seconds: 0, index: 'expiry' },
})

type Options = Readonly<{ queues: Queues; collection: Collection<ClaimDocument> }>

/** In Redis for an hour, so that most repetitions cost no read of the database; in MongoDB for as long as the type says. */
const IN_REDIS = { expiration: { type: 'PX', value: HOUR_MS } } as const
const keyOf = (id: string) => `idem:${id}`

export function createClaims({ queues, collection }: Options): Claims {
  const redisOf = (id: string) => queues[queueOfId(id)!].redis
  const cache = (id: string, state: ClaimState) => redisOf(id).set(keyOf(id), JSON.stringify(state), IN_REDIS)
  const forget = async (id: string) => void (await redisOf(id).del(keyOf(id)))
  const claimStored = createClaimStored(collection)
  return {
    async claim(claim, at) {
      const { id, dataHash, order } = claim
      const first = { ...IN_REDIS, condition: 'NX', GET: true } as const
      const known = await redisOf(id).set(keyOf(id), JSON.stringify({ status: 'IN_PROGRESS', dataHash, order }), first)
      if (known != null) return readCached(String(known))
      try {
        const state = await claimStored(claim, at)
        // The end of a job that still runs may be stored meanwhile.
        if (state !== null && state.status !== 'IN_PROGRESS') await cache(id, state)
        return state
      } catch (error) {
        await forget(id)
        throw error
      }
    },
    async find(id) {
      const found = await collection.findOne({ _id: id })
      return found && toState(found)
    },
    async release(id) {
      await collection.deleteOne({ _id: id, status: 'IN_PROGRESS' })
      await forget(id)
    },
    forget: async (id) => void (isKeyedId(id) && (await forget(id))),
    ...createEndings(collection, forget),
  }
}

type Ending = Readonly<{ id: string; $set: Partial<ClaimDocument> }>

function createEndings(collection: Options['collection'], forget: Claims['forget']): Pick<Claims, 'end' | 'reopen'> {
  const store = coalesce<Ending, undefined>(async (endings) => {
    const updates = endings.map(({ id, $set }) => {
      return { updateOne: { filter: { _id: id, status: 'IN_PROGRESS' as const }, update: { $set } } }
    })
    await collection.bulkWrite(updates, { ordered: false })
    return endings.map(() => undefined)
  })
  return {
    async reopen(ids, session) {
      const failed = { _id: { $in: ids.filter(isKeyedId) }, status: 'FAILED' as const }
      await collection.updateMany(
        failed,
        { $set: { status: 'IN_PROGRESS' }, $unset: { failure: 1, startedAt: 1, endedAt: 1 } },
        { session },
      )
    },
    async end(id, ending) {
      if (!isKeyedId(id)) return
      const { startedAt } = ending
      const outcome =
        'failure' in ending
          ? { status: 'FAILED' as const, failure: ending.failure }
          : { status: 'COMPLETED' as const, ...(ending.result && { result: pack(ending.result) }) }
      await store({ id, $set: { ...outcome, ...(startedAt && { startedAt }), endedAt: new Date() } })
      // The next repetition reads the ending that stays, which may be that of another attempt.
      await forget(id)
    },
  }
}

function createClaimStored(collection: Options['collection']): Claims['claim'] {
  const insert = coalesce<ClaimDocument, boolean>(async (documents) => {
    const existing = await insertNew(collection, documents)
    return documents.map((_, index) => !existing.has(index))
  })
  return async ({ id, dataHash, order, retentionDays }, at) => {
    const expiresAt = new Date(at.getTime() + retentionDays * DAY_MS)
    if (await insert({ _id: id, status: 'IN_PROGRESS', dataHash, order, createdAt: at, expiresAt })) return null
    const found = await collection.findOne({ _id: id })
    return found === null ? { status: 'IN_PROGRESS', dataHash, order } : toState(found)
  }
}

function toState({ status, dataHash, order, result, failure, startedAt, endedAt }: ClaimDocument): ClaimState {
  const ordered = { dataHash, ...(order && { order }) }
  const times = { startedAt: startedAt ?? null, endedAt: endedAt ?? null }
  if (status === 'COMPLETED')
    return { status, ...ordered, ...times, result: result === undefined ? null : unpack(result) }
  if (status === 'FAILED' && failure) return { status, ...ordered, ...times, failure }
  return { status: 'IN_PROGRESS', ...ordered }
}

function readCached(text: string): ClaimState {
  const { order, ...parsed } = JSON.parse(text)
  const toDate = (at: string | null | undefined) => (at == null ? null : new Date(at))
  const isOver = parsed.status !== 'IN_PROGRESS'
  const times = { startedAt: toDate(parsed.startedAt), endedAt: toDate(parsed.endedAt) }
  const state = { ...parsed, ...(isOver && times) }
  if (order === undefined) return state
  const { createdAt, scheduledFor } = order
  const dates = { createdAt: new Date(createdAt), scheduledFor: scheduledFor && new Date(scheduledFor) }
  return { ...state, order: { ...order, ...dates } }
}
