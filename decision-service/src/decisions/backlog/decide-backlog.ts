import type { Clock } from '@redress/shared/time.ts'
import type { DecideIssue } from '../use-cases/decide-issue.ts'
import type { DecisionQueue } from '../use-cases/ports.ts'
import { type AiBatch, customIdFor, isAbandoned, isOverdue } from './ai-batch.ts'
import type { AiBatches, BacklogModel, BatchAnswer, BatchQuestion } from './ports.ts'

export type BacklogLimits = Readonly<{
  /** A batch is made when more jobs than this have waited for `ageMs`; 0: never. */
  from: number
  ageMs: number
  /** The most jobs of one batch. */
  jobsMax: number
}>

type Dependencies = Readonly<{
  batches: AiBatches
  /** Null where no model is configured: what is open is given back to the workers. */
  model: BacklogModel | null
  decideWith: DecideIssue['decideWith']
  queue: Pick<DecisionQueue, 'revive'>
  limits: BacklogLimits
  newId: () => string
  now: Clock
  /** Called for each batch or job that did not end in a decision. */
  onProblem?: (batch: AiBatch, problem: unknown) => void
}>

/** Batches that are open at the same time. */
const OPEN_MAX = 4
/** Decisions that are stored side by side. */
const STORED_TOGETHER = 50

/**
 * Sends jobs that have waited too long to a provider, in batches. The leader calls it repeatedly; each step is stored
 * before the next one starts, and is safe to repeat:
 *
 * - A batch is recorded with its jobs, then submitted. A batch that is not submitted within five minutes is abandoned.
 * - A submitted batch is polled by the current leader. Its answers are stored the way a worker stores decisions, so
 *   answers that are read twice are decided once.
 * - A job without a usable answer is released and goes back to the queue. After a crash between these two steps, the
 *   recovery of lost jobs requeues it.
 */
export function createDecideBacklog(dependencies: Dependencies) {
  const { batches, model, queue, now, onProblem = () => {} } = dependencies

  const close = async ({ id }: AiBatch, status: 'DONE' | 'ABANDONED') => {
    await queue.revive(await batches.close(id, status, now()))
  }
  const attend = async (batch: AiBatch) => {
    if (batch.status === 'CLAIMED') return isAbandoned(batch, now()) || !model ? close(batch, 'ABANDONED') : undefined
    const { providerId } = batch
    if (!model || providerId === null) return close(batch, 'ABANDONED')
    const state = await model.stateOf(providerId)
    if (state === 'ended') {
      await collect({ ...dependencies, model, onProblem }, batch)
      return close(batch, 'DONE')
    }
    if (state === 'running' && !isOverdue(batch, now())) return
    await close(batch, 'ABANDONED')
    if (state === 'running') await model.cancel(providerId)
  }

  return async (signal?: AbortSignal): Promise<void> => {
    const open = await batches.findOpen()
    for (const batch of open) {
      signal?.throwIfAborted()
      try {
        await attend(batch)
      } catch (problem) {
        onProblem(batch, problem)
        if (isOverdue(batch, now())) await close(batch, 'ABANDONED')
      }
    }
    if (model && open.length < OPEN_MAX) await begin({ ...dependencies, model, onProblem }, close)
  }
}

type WithModel = Dependencies & Required<Pick<Dependencies, 'onProblem'>> & Readonly<{ model: BacklogModel }>

/** Makes a batch, where enough waits. */
async function begin(
  { batches, model, limits, newId, now, onProblem }: WithModel,
  close: (batch: AiBatch, status: 'ABANDONED') => Promise<void>,
): Promise<void> {
  if (limits.from === 0) return
  const olderThan = new Date(now().getTime() - limits.ageMs)
  if ((await batches.countWaiting({ olderThan, max: limits.from + 1 })) <= limits.from) return
  if (!(await model.mayAsk())) return

  const claim = { id: newId(), olderThan, jobsMax: limits.jobsMax, now: now() }
  const batch = await batches.claim(claim, (job) => ({
    jobId: job.id,
    customId: customIdFor(job.id),
    skillDigest: model.digestFor(job),
  }))
  if (batch === null) return
  try {
    const providerId = await model.submit(await questionsOf(batches, batch))
    // The jobs were released meanwhile and are decided elsewhere.
    if (!(await batches.markSubmitted(batch.id, providerId, now()))) await model.cancel(providerId)
  } catch (problem) {
    onProblem(batch, problem)
    await close(batch, 'ABANDONED')
  }
}

/** Decides what has an answer. */
async function collect({ batches, model, decideWith, onProblem }: WithModel, batch: AiBatch): Promise<void> {
  const store = async ({ jobId, evaluated, failure }: BatchAnswer) => {
    if (evaluated !== null) await decideWith(jobId, evaluated)
    else onProblem(batch, `${jobId}: ${failure}`)
  }
  let together: BatchAnswer[] = []
  for await (const answer of model.answersTo(batch, await questionsOf(batches, batch))) {
    together.push(answer)
    if (together.length < STORED_TOGETHER) continue
    await Promise.all(together.map(store))
    together = []
  }
  await Promise.all(together.map(store))
}

async function questionsOf(batches: AiBatches, batch: AiBatch): Promise<readonly BatchQuestion[]> {
  const jobs = new Map((await batches.jobsOf(batch)).map((job) => [job.id, job]))
  return batch.jobs.flatMap((batched) => {
    const job = jobs.get(batched.jobId)
    return job ? [{ batched, job }] : []
  })
}
