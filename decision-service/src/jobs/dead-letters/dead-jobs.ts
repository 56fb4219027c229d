import { ACTORS } from '@redress/shared/access/actors.ts'
import { alertEvent } from '@redress/shared/events/alert.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import type { EventAlertDocument } from '@redress/shared/events/event-collections.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { AnyBulkWriteOperation, ClientSession, Collection, MongoClient } from 'mongodb'
import type { Registry } from '../frame/job-definition.ts'
import { pack } from '../records/stored-json.ts'
import { type DeadJob, expiryOf } from './dead-letter.ts'
import { type LetterCollection, type LetterDocument, packQueued } from './letter-documents.ts'

/** The dead letters of jobs, as what runs them writes them. */
export type DeadJobs = Readonly<{
  /**
   * Stores the dead letters of jobs in the transaction that ends them. One that is open already stays so, and one that
   * was retried is open again. The first one of a cause (a type and a code) raises an alert; none is raised while the
   * cause has an open dead letter of the last day.
   */
  add(jobs: readonly DeadJob[], at: Date, session: ClientSession): Promise<void>
  /** The same for one job, in a transaction of its own. */
  put(job: DeadJob, at: Date): Promise<void>
  /**
   * The same in a transaction in which `fail` ends a job on record. Stores nothing where it gives null, since the job has
   * not failed. @returns what `fail` has given.
   */
  end<T>(
    fail: (session: ClientSession) => Promise<T | null>,
    toDead: (failed: T) => DeadJob,
    at: Date,
  ): Promise<T | null>
  /** Closes the dead letter of a job that has run again and did not fail, where it is open. */
  close(jobId: string, at: Date): Promise<void>
}>

export type LetterCollections = Readonly<{ deadLetters: LetterCollection; eventAlerts: Collection<EventAlertDocument> }>

type Dependencies = Readonly<{ mongo: MongoClient; collections: LetterCollections; outbox: Outbox; registry: Registry }>

/** Failures with an alert of their own, or of the job that took this one along. */
const HAS_ALERT: ReadonlySet<string> = new Set(['JOB_LOST', 'JOB_CHILD_FAILED'])
const SUCCEEDED = 'It has run again and did not fail.'

export function createDeadJobs({ mongo, collections, outbox, registry }: Dependencies): DeadJobs {
  const { deadLetters } = collections
  const add = createAddDeadJobs({ collections, outbox, registry })
  const end: DeadJobs['end'] = async (fail, toDead, at) => {
    const failed = await inTransaction(mongo, async (session) => {
      const found = await fail(session)
      if (found !== null) await add([toDead(found)], at, session)
      return found
    })
    outbox.wake()
    return failed
  }
  return {
    add,
    end,
    put: async (job, at) =>
      void (await end(
        async () => job,
        (dead) => dead,
        at,
      )),
    async close(jobId, at) {
      const handling = { actor: ACTORS.worker, reason: SUCCEEDED, at }
      await deadLetters.updateOne({ _id: jobId, state: 'OPEN' }, { $set: { state: 'RETRIED', handling } })
    },
  }
}

/** The first part of `DeadJobs`, for those that have a transaction. */
export function createAddDeadJobs({ collections, outbox, registry }: Omit<Dependencies, 'mongo'>): DeadJobs['add'] {
  const raiseAlerts = createRaiseAlerts(collections, outbox)
  return async (jobs, at, session) => {
    if (jobs.length === 0) return
    // First: a cause is new where it has no open letter before this.
    await raiseAlerts(jobs, at, session)
    const writes = jobs.map((job) => toWrite(job, at, expiryOf(registry[job.type], at)))
    await collections.deadLetters.bulkWrite(writes, { session, ordered: false })
  }
}

function toWrite(
  { id, failure, stack, payload, retry, queued, ...job }: DeadJob,
  at: Date,
  expiresAt: Date,
): AnyBulkWriteOperation<LetterDocument> {
  const { code, message: reason } = failure
  const facts = { kind: 'JOB' as const, service: 'decisions', ...job, code, reason, payload: pack(payload) }
  const given = {
    ...(stack !== null && { stack }),
    ...(retry && { retry }),
    ...(queued && { queued: packQueued(queued) }),
  }
  return {
    updateOne: {
      filter: { _id: id },
      update: {
        $set: { ...facts, ...given, state: 'OPEN', lastFailedAt: at, expiresAt },
        $setOnInsert: { firstFailedAt: at },
        $unset: { handling: 1, toQueue: 1, ...(stack === null && { stack: 1 }) },
      },
      upsert: true,
    },
  }
}

function createRaiseAlerts({ deadLetters: letters, eventAlerts: alerts }: LetterCollections, outbox: Outbox) {
  return async (jobs: readonly DeadJob[], at: Date, session: ClientSession): Promise<void> => {
    const firsts = new Map(jobs.map((job) => [`${job.type} ${job.failure.code}`, job]))
    for (const [cause, job] of firsts) {
      const { type, failure } = job
      if (HAS_ALERT.has(failure.code)) continue
      const lately = { $gt: new Date(at.getTime() - DAY_MS) }
      const open = { state: 'OPEN' as const, type, code: failure.code, lastFailedAt: lately }
      if ((await letters.findOne(open, { session, projection: { _id: 1 } })) !== null) continue
      // Of two transactions that both find none, one conflicts here, and finds the letter of the other one when it runs again.
      await alerts.updateOne({ _id: `jobs ${cause}` }, { $set: { at } }, { session, upsert: true })
      await outbox.add([toAlert(job, at)], session)
    }
  }
}

/** The sentence of the failure is left out: the dead letter has it. */
function toAlert({ id, type, queue, failure }: DeadJob, at: Date) {
  return alertEvent(
    {
      id: `dead_letter-jobs-${id}-${at.getTime()}`,
      type: 'DEAD_LETTER',
      severity: 'CRITICAL',
      message: `The job ${id} (${type}) of the queue ${queue} failed for good with ${failure.code}.`,
      entity: { type: 'Job', id },
      cause: causeOfService(ACTORS.worker),
    },
    at,
  )
}
