import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import { type Act, jobActEvent } from '../acts/act-events.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { Claims } from '../orders/claims.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecord } from '../records/job-record.ts'
import type { JobRecords } from '../records/job-records.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { actorOf, type FailedJob } from './dead-letter.ts'
import type { LetterCollection } from './letter-documents.ts'
import type { QueueAgain } from './queue-again.ts'

type Dependencies = Readonly<{
  records: Pick<JobRecords, 'retry'>
  claims: Pick<Claims, 'reopen'>
  deadLetters: LetterCollection
  queues: Queues
  queueAgain: QueueAgain
  registry: Registry
  mongo: MongoClient
  outbox: Outbox
  onChange: ChangeOf
  logger: Logger
}>

/** Selects jobs within the transaction that opens them. */
export type Select = (session: ClientSession) => Promise<readonly FailedJob[]>
export type Reopened = Readonly<{ selected: readonly FailedJob[]; opened: readonly FailedJob[] }>

/**
 * Opens failed jobs again, with as many attempts as their types have: their records, idempotency keys, dead letters and
 * events in one transaction, and then their queues. A job that is not in its queue then is queued by recovery.
 * @returns what was selected, and which of these had still failed.
 */
export type ReopenJobs = (select: Select, act: Act) => Promise<Reopened>

type Opened = Readonly<{ job: FailedJob; record: JobRecord | null }>

export function createReopenJobs(dependencies: Dependencies): ReopenJobs {
  const { mongo, outbox, queueAgain, onChange } = dependencies
  return async (select, act) => {
    const { selected, opened } = await inTransaction(mongo, async (session) => {
      const jobs = await select(session)
      return { selected: jobs, opened: await storeAll(jobs, act, session, dependencies) }
    })
    outbox.wake()
    for (const { job, record } of opened)
      onChange(record ?? { ...job, actor: actorOf(job.queued?.message ?? {}), status: 'PENDING', failure: null })
    await queueRecorded(opened, dependencies)
    await queueAgain(opened.flatMap(({ job }) => (job.queued === null ? [] : { ...job, queued: job.queued })))
    return { selected, opened: opened.map(({ job }) => job) }
  }
}

async function storeAll(
  jobs: readonly FailedJob[],
  act: Act,
  session: ClientSession,
  { records, claims, deadLetters, registry, outbox }: Dependencies,
): Promise<readonly Opened[]> {
  const opened: Opened[] = []
  for (const job of jobs) {
    const attempts = registry[job.type]?.retry.attempts ?? 1
    const record = job.queued === null ? await records.retry(job.id, attempts, act.at, session) : null
    if (record !== null || job.queued !== null) opened.push({ job, record })
  }
  const withoutRecord = opened.filter(({ record }) => record === null).map(({ job }) => job.id)
  const handling = { actor: act.cause.actor, reason: act.reason, at: act.at }
  // Also of those that have not failed any more: nothing is to be done about them.
  const ofAll = { _id: { $in: jobs.map(({ id }) => id) } }
  await deadLetters.updateMany(ofAll, { $set: { state: 'RETRIED', handling } }, { session })
  await deadLetters.updateMany({ _id: { $in: withoutRecord } }, { $set: { toQueue: true } }, { session })
  await claims.reopen(withoutRecord, session)
  await outbox.add(
    opened.map(({ job }) => jobActEvent('job.retried', { ...job, state: 'FAILED' }, act)),
    session,
  )
  return opened
}

/** Recovery queues what cannot be queued now. */
async function queueRecorded(opened: readonly Opened[], { queues, logger }: Dependencies): Promise<void> {
  const recorded = opened.flatMap(({ record }) => record ?? [])
  for (const [name, ofQueue] of Map.groupBy(recorded, ({ queue }) => queue)) {
    const late = (err: unknown) => logger.warn({ err, queue: name, jobs: ofQueue.length }, 'jobs are queued later')
    await queues[name].revive(ofQueue.map(toNewJob)).catch(late)
  }
}
