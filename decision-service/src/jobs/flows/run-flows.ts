import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession } from 'mongodb'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import { toDeadJob } from '../dead-letters/dead-letter.ts'
import type { JobFailure } from '../frame/job-failure.ts'
import type { JobQueue, NewJob } from '../frame/open-queue.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { CancelJob } from '../processors/cancellations.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecord } from '../records/job-record.ts'
import { toNewJob } from '../records/to-new-job.ts'
import { settle } from './flow.ts'
import type { FlowRecords } from './flow-records.ts'

type Dependencies = Readonly<{
  flows: FlowRecords
  /** Cancels a job that waits, and asks one that runs to stop. Does nothing for one that has ended. */
  cancelJob: CancelJob
  deadJobs: Pick<DeadJobs, 'end'>
  onChange: ChangeOf
  queues: Queues
  now: Clock
}>

/**
 * Carries flows on: lets jobs run whose children have ended, fails those that a child takes along, and cancels the children
 * of cancelled ones. What it does follows from the records alone, and is harmless twice: it may be stopped anywhere.
 * Changes may lead to further ones, in the next round.
 */
export type RunFlows = (signal?: AbortSignal) => Promise<void>

export function createRunFlows(dependencies: Dependencies): RunFlows {
  const { flows } = dependencies
  return async (signal) => {
    const { cancelled, ended, reopened } = await flows.findDue()
    for (const parent of cancelled) {
      signal?.throwIfAborted()
      await cancelChildren(parent, dependencies)
    }
    for (const [parentId, children] of Map.groupBy(ended, (child) => child.parentId)) {
      signal?.throwIfAborted()
      await settleParent(parentId, dependencies)
      await flows.noteSettled(children.map(({ id }) => id))
    }
    for (const parentId of reopened) {
      signal?.throwIfAborted()
      if (!(await settleParent(parentId, dependencies))) await flows.waitAgain(parentId)
    }
  }
}

async function cancelChildren(parent: JobRecord, { flows, cancelJob, now }: Dependencies): Promise<void> {
  const { by = parent.actor, reason = '' } = parent.cancelRequest ?? {}
  const open = (await flows.children(parent.id)).filter(({ endedAt }) => endedAt === null)
  for (const child of open) await cancelJob(child, { by, reason, at: now() })
  await flows.noteCancelled(parent.id)
}

/** @returns whether the job waits no longer. */
async function settleParent(
  parentId: string,
  { flows, deadJobs, onChange, queues, now }: Dependencies,
): Promise<boolean> {
  const found = await flows.findWaiting(parentId)
  if (found === null) return true
  const { parent, children } = found
  const settlement = settle(children)
  if (settlement.kind === 'wait') return false
  const at = now()
  if (settlement.kind === 'fail') {
    const failure = toFailure(settlement.childId)
    const fail = (session: ClientSession) => flows.fail(parent, failure, at, session)
    const failed = await deadJobs.end(fail, toDeadJob, at)
    if (failed !== null) onChange(failed)
    return true
  }
  const released = await flows.release(parentId, at)
  if (released !== null) onChange(released)
  if (released !== null) await handOver(queues[released.queue], toNewJob(released)).catch(() => {})
  return true
}

/** Recovery does it where the queue is away. A job that was opened again is in there already, as a failed one. */
async function handOver(queue: JobQueue, job: NewJob): Promise<void> {
  await queue.add([job])
  await queue.revive([job])
}

function toFailure(childId: string): JobFailure {
  return {
    code: 'JOB_CHILD_FAILED',
    message: `The job ${childId}, which is a part of this one, failed or was cancelled.`,
  }
}
