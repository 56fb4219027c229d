import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession, Filter, MongoClient } from 'mongodb'
import { type Act, jobActEvent, toAct } from '../acts/act-events.ts'
import { unpack } from '../records/stored-json.ts'
import type { ActOnEvents } from './act-on-events.ts'
import type { DeadLetter, FailedJob } from './dead-letter.ts'
import { DeadLetterNotFoundError, DeadLetterNotOpenError, DeadLetterNotRetryableError } from './errors.ts'
import { type LetterCollection, type LetterDocument, toLetter } from './letter-documents.ts'
import { type LetterFilter, toQuery } from './letter-pages.ts'
import type { ReopenJobs } from './reopen-jobs.ts'

/** Dead letters of one transaction, and transactions of one call. */
const STEP = 100
const STEPS_MAX = 5
/** Dead letters of one call: a caller repeats it for what is left. */
export const HANDLED_MAX = STEP * STEPS_MAX

type Command = Readonly<{ reason: string; cause: Cause }>
export type BulkCommand = Command & Readonly<{ filter: LetterFilter; dryRun: boolean }>

/** `matched` are the open ones that the act applies to; `isComplete` says whether one call is, or was, enough for them. */
export type Handled = Readonly<{ matched: number; handled: number; isComplete: boolean }>

/** The acts of operators on dead letters, each with its events; a repeat changes nothing. */
export type ActOnLetters = Readonly<{
  /** @throws DeadLetterNotFoundError, DeadLetterNotOpenError, DeadLetterNotRetryableError */
  retryOne(command: Command & Readonly<{ id: string }>): Promise<DeadLetter>
  /** Retries those that can be, oldest first, at most HANDLED_MAX. @throws BadUserInputError for a blank reason. */
  retry(command: BulkCommand): Promise<Handled>
  /** Discards, oldest first, at most HANDLED_MAX. @throws BadUserInputError for a blank reason. */
  discard(command: BulkCommand): Promise<Handled>
}>

type Dependencies = Readonly<{
  deadLetters: LetterCollection
  reopen: ReopenJobs
  actOnEvents: ActOnEvents
  mongo: MongoClient
  outbox: Outbox
  now: Clock
}>

const OPEN = { state: 'OPEN' } as const satisfies Filter<LetterDocument>
const RETRYABLE = { ...OPEN, retry: { $exists: true } } as const satisfies Filter<LetterDocument>

export function createActOnLetters(dependencies: Dependencies): ActOnLetters {
  const { deadLetters, reopen, actOnEvents, now } = dependencies
  const select = (query: Filter<LetterDocument>, session: ClientSession) =>
    deadLetters.find(query, { session }).sort({ lastFailedAt: 1, _id: 1 }).limit(STEP).toArray()

  const retryStep: HandleStep = async (query, act) => {
    let count = 0
    await reopen(async (session) => {
      const found = await select(query, session)
      count = found.length
      await actOnEvents('replayed', found, { act, session })
      return found.flatMap(toFailedJob)
    }, act)
    return count
  }
  const discardStep: HandleStep = (query, act) => discardAll((session) => select(query, session), act, dependencies)

  return {
    async retryOne({ id, reason, cause }) {
      const act = toReasonedAct(reason, cause, now())
      const found = await deadLetters.findOne({ _id: id })
      if (found === null) throw new DeadLetterNotFoundError(id)
      if (found.retry === undefined) throw new DeadLetterNotRetryableError(found.type)
      const count = await retryStep({ _id: id, ...RETRYABLE }, act)
      if (count === 0) throw new DeadLetterNotOpenError(found.state)
      return toLetter((await deadLetters.findOne({ _id: id })) ?? found)
    },
    retry: inSteps(RETRYABLE, retryStep, dependencies),
    discard: inSteps(OPEN, discardStep, dependencies),
  }
}

/** Handles the letters of one step. @returns how many were selected. */
type HandleStep = (query: Filter<LetterDocument>, act: Act) => Promise<number>

/** A call in steps of a transaction each: one that is stopped between two is repeated for what is left. */
function inSteps(narrowed: Filter<LetterDocument>, step: HandleStep, { deadLetters, now }: Dependencies) {
  return async ({ filter, dryRun, reason, cause }: BulkCommand): Promise<Handled> => {
    const act = toReasonedAct(reason, cause, now())
    const query = { $and: [toQuery(filter), narrowed] } as Filter<LetterDocument>
    if (dryRun) {
      const matched = await deadLetters.countDocuments(query)
      return { matched, handled: 0, isComplete: matched <= HANDLED_MAX }
    }
    let handled = 0
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const count = await step(query, act)
      handled += count
      if (count < STEP) return { matched: handled, handled, isComplete: true }
    }
    const left = await deadLetters.countDocuments(query)
    return { matched: handled + left, handled, isComplete: left === 0 }
  }
}

function toReasonedAct(reason: string, cause: Cause, at: Date): Act {
  if (reason.trim() === '') throw new BadUserInputError(['reason'], 'must not be blank')
  return toAct(reason, cause, at)
}

function toFailedJob({ _id: id, kind, type, queue, queued }: LetterDocument): readonly FailedJob[] {
  if (kind !== 'JOB') return []
  return [{ id, type: type!, queue: queue!, queued: queued ? { ...queued, message: unpack(queued.message) } : null }]
}

type SelectLetters = (session: ClientSession) => Promise<readonly LetterDocument[]>

/** Discards in one transaction with its events. @returns how many were selected. */
async function discardAll(select: SelectLetters, act: Act, dependencies: Dependencies): Promise<number> {
  const { deadLetters, actOnEvents, mongo, outbox } = dependencies
  const count = await inTransaction(mongo, async (session) => {
    const found = await select(session)
    const handling = { actor: act.cause.actor, reason: act.reason, at: act.at }
    const ofThem = { _id: { $in: found.map(({ _id }) => _id) } }
    await deadLetters.updateMany(ofThem, { $set: { state: 'DISCARDED', handling } }, { session })
    const jobs = found.flatMap(toFailedJob)
    await outbox.add(
      jobs.map((job) => jobActEvent('job.discarded', { ...job, state: 'FAILED' }, act)),
      session,
    )
    await actOnEvents('discarded', found, { act, session })
    return found.length
  })
  outbox.wake()
  return count
}
