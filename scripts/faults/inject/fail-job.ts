import { setTimeout as pause } from 'node:timers/promises'
import type { ClientSession, Db } from 'mongodb'
import type { Journal } from '../load/journal.ts'
import type { System } from '../system/system.ts'
import { withDatabase } from './with-database.ts'

const DATABASE = 'redress_decisions'
const ATTEMPTS = 4
const LOOKS_MAX = 200
const LOOK_EVERY_MS = 5
const REASON = 'JOB_CRASHED: The simulator let this job fail.'

type Job = Readonly<{ _id: string; status: string; case: Readonly<{ issueId: string }>; updatedAt: Date }>

type Place = Readonly<{ system: System; journal: Journal; signal: AbortSignal }>

/**
 * Waits a little for an open job, and lets it fail with all that a worker stores after the last attempt. Workers go on
 * beside it, and one of the two is first.
 */
export async function failJob({ system, journal, signal }: Place): Promise<void> {
  await withDatabase(system, { database: DATABASE, attempts: ATTEMPTS, signal }, async (db, mongo) => {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const isFailed = await mongo.withSession((session) =>
        session.withTransaction(() => failOpenJob(db, session, journal)),
      )
      if (isFailed) return
      await pause(LOOK_EVERY_MS, null, { signal })
    }
  })
}

/** Whether a job was open and has failed. */
async function failOpenJob(db: Db, session: ClientSession, { failed }: Journal): Promise<boolean> {
  const jobs = db.collection<Job & { failure?: string; endedAt?: Date }>('critical_jobs')
  // The checks expect an issue to fail once at most.
  const isOther = { 'case.issueId': { $nin: [...failed] } }
  const job = await jobs.findOne({ status: { $in: ['PENDING', 'PROCESSING'] }, ...isOther }, { session })
  if (job === null) return false
  const { _id: jobId, status } = job
  const { issueId } = job.case
  // Before the commit, whose answer may be lost.
  failed.add(issueId)
  const at = new Date(Math.max(Date.now(), job.updatedAt.getTime() + 1))
  const end = { status: 'FAILED', failure: REASON, updatedAt: at, endedAt: at }
  const { modifiedCount } = await jobs.updateOne({ _id: jobId, status }, { $set: end }, { session })
  if (modifiedCount === 0) return false
  const event = {
    ...{ id: `${jobId}-failed`, type: 'decision.failed', at: at.toISOString() },
    ...{ actor: 'redress:worker', requestId: null, ip: null },
    entity: { type: 'Decision', id: `dec_${jobId.replace(/^decide-iss_/, '')}` },
    changes: { reason: { before: null, after: REASON } },
    data: { issueId, reason: REASON },
  }
  const document = { _id: event.id, at, events: [JSON.stringify(event)] }
  await db.collection<typeof document>('outbox').insertOne(document, { session })
  return true
}
