import type { Clock } from '@redress/shared/time.ts'
import { type } from 'arktype'
import type { ClientSession } from 'mongodb'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import { toDeadJob } from '../dead-letters/dead-letter.ts'
import { JobNotFoundError } from '../errors.ts'
import type { JobDefinition } from '../frame/job-definition.ts'
import type { Attempt, JobEnd, JobHandler, Outcome } from '../frame/job-handler.ts'
import { isProviderLimit } from '../limits/errors.ts'
import { isOpen } from '../records/job-record.ts'
import type { Begun, JobRecords } from '../records/job-records.ts'
import type { Cancellations, Watch } from './cancellations.ts'
import type { ChangeOf } from './job-change.ts'
import { type Processor, readData } from './processor.ts'

/** The data in the queue of a job with a record. */
const Message = type({ 'trace?': 'string' })
type Message = typeof Message.infer

type Dependencies = Readonly<{
  name: string
  definition: JobDefinition
  processor: Processor<never>
  records: JobRecords
  cancellations: Cancellations
  deadJobs: Pick<DeadJobs, 'end'>
  onChange: ChangeOf
  now: Clock
}>

/**
 * Runs the processor of a type whose jobs have a record (the tier CRITICAL), and keeps the record: the attempts are counted
 * there, so that they outlive a lost Redis.
 */
export function createRecordedHandler(dependencies: Dependencies): JobHandler<Message> {
  const { records, onChange, now } = dependencies
  const begunBy = new WeakMap<object, Begun>()
  return {
    Message,
    async run(_, attempt) {
      const begun = await records.begin(attempt.jobId, now(), attempt.queuedAt)
      if (begun === null) throw new JobNotFoundError(attempt.jobId)
      if (!('holder' in begun)) {
        // One that waits for its children is open as well.
        if (!isOpen(begun.status) || begun.cancelRequest === null) return 'over'
        await records.endCancelled(begun, now())
        onChange({ ...begun, status: 'CANCELLED' })
        return 'over'
      }
      if (attempt.stop.isAborted()) {
        await records.handBack(begun.holder, null, now())
        return 'again'
      }
      begunBy.set(attempt.key, begun)
      onChange({ ...begun.record, status: 'PROCESSING' })
      return runBegun(begun, attempt, dependencies)
    },
    async noteFailed(_, failure, { key }) {
      const begun = begunBy.get(key)
      // The attempt had not begun on record, so it does not count there.
      if (begun === undefined) return true
      if (begun.record.attempts + 1 >= begun.record.maxAttempts) return false
      await records.handBack(begun.holder, failure, now())
      onChange({ ...begun.record, status: 'PENDING', isDelayed: true, failure })
      return true
    },
    giveUp: (_, end, { jobId, key }) => endFailed(jobId, end, begunBy.get(key), dependencies),
    noteHeld: (_, { jobId }) => records.noteHeld(jobId, now()),
  }
}

/** Ends a job on record and stores its dead letter. `begun` is the attempt; there is none where it could not begin. */
async function endFailed(
  id: string,
  { failure, stack }: JobEnd,
  begun: Begun | undefined,
  { name: type, records, deadJobs, onChange, now }: Dependencies,
): Promise<void> {
  const at = now()
  const job = begun?.holder ?? { id, type }
  const fail = (session: ClientSession) => records.fail(job, failure, at, session)
  const failed = await deadJobs.end(fail, (record) => ({ ...toDeadJob(record), stack }), at)
  if (failed !== null) onChange(failed)
}

async function runBegun(begun: Begun, attempt: Attempt, dependencies: Dependencies): Promise<Outcome> {
  const { definition, processor, records, cancellations, onChange, now } = dependencies
  const { record, holder } = begun
  const watch = cancellations.watch(record.id, attempt.stop)
  try {
    const result = await processor(readData(definition, record.data), toRun(begun, attempt, watch, dependencies))
    await records.complete(holder, result, now())
    onChange({ ...record, status: 'COMPLETED', failure: null })
    return { kind: 'done', result: null }
  } catch (error) {
    if (watch.isCancelled()) {
      await records.endCancelled(record, now())
      onChange({ ...record, status: 'CANCELLED' })
      return 'over'
    }
    const isStopping = attempt.stop.isWorkerStopping()
    if (isStopping || isProviderLimit(error)) {
      await records.handBack(holder, null, now())
      onChange({ ...record, status: 'PENDING' })
    }
    if (!isStopping) throw error
    return 'again'
  } finally {
    watch.end()
  }
}

function toRun({ record, holder }: Begun, attempt: Attempt, watch: Watch, { records, onChange, now }: Dependencies) {
  return {
    ...{ jobId: record.id, attempt: record.attempts + 1, actor: record.actor, requestId: record.requestId },
    ...{ addedAt: record.createdAt, trace: attempt.trace },
    get signal() {
      return attempt.stop.signal
    },
    async progress(percent: number) {
      const progress = Math.min(100, Math.max(0, percent))
      const goesOn = await records.progress(holder, progress, now())
      if (goesOn) onChange({ ...record, status: 'PROCESSING', progress })
      else watch.cancel()
      attempt.stop.signal.throwIfAborted()
    },
  }
}
