import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { expect, it } from 'vitest'
import { newCase, VERDICT } from '../../../test/service.ts'
import type { Evaluated } from '../../domain/decision.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { createStop } from '../../jobs/frame/run-limited.ts'
import { type DecisionJob, toJob } from '../domain/job.ts'
import { NO_OVERSIGHT } from '../domain/oversight.ts'
import { createDecideHandler } from '../inbound/decide-handler.ts'
import { createDecideIssue } from './decide-issue.ts'
import type { DecisionsStore, DecisionsTransaction } from './ports.ts'

const NOW = new Date('2030-06-15T12:00:00Z')

type Behaviour = Readonly<{
  /** A transaction that ends this job fails each time, like one that takes too long. */
  poisonId?: string
  onDecisions?: (decisions: readonly StoredDecision[]) => void
}>

/** Jobs in memory. */
function storeWith(jobs: Map<string, DecisionJob>, { poisonId, onDecisions }: Behaviour = {}): DecisionsStore {
  const transaction: DecisionsTransaction = {
    findJobs: async (ids) => new Map(ids.map((id) => [id, jobs.get(id)!])),
    async setStatus(ids, status) {
      if (poisonId !== undefined && ids.includes(poisonId)) throw new StoreUnavailableError()
      for (const id of ids) jobs.set(id, { ...jobs.get(id)!, status })
    },
    addJobs: async () => undefined,
    findDecisions: async () => new Map(),
    addDecisions: async (decisions) => onDecisions?.(decisions),
    setReviews: async () => undefined,
    addEvents: async () => undefined,
    addDeadJob: async () => undefined,
  }
  return { transact: (work) => work(transaction), noteHeld: async () => undefined }
}

const STANDARD = {
  evaluate: async (): Promise<Evaluated> => ({ verdict: VERDICT, shadow: null }),
  announcesStart: true,
  thresholdsOf: () => ({ autoResolve: 80, humanReview: 70 }),
  oversight: NO_OVERSIGHT,
  now: () => NOW,
  monotonicMs: () => 0,
  onCommit: () => {},
}

it.for([false, true])(
  'a job whose transaction always fails hinders no other that is tried alone (announced start: %s)',
  async (announcesStart) => {
    const jobs = new Map(Array.from({ length: 100 }, () => toJob(newCase(), NOW)).map((job) => [job.id, job]))
    const ids = [...jobs.keys()]
    const poisonId = ids[50]!
    const { decide } = createDecideIssue({ ...STANDARD, store: storeWith(jobs, { poisonId }), announcesStart })

    await Promise.allSettled(ids.map((id) => decide(id)))
    const outcomes = await Promise.allSettled(ids.map((id) => decide(id, { alone: true })))

    const rejected = ids.filter((_, index) => outcomes[index]!.status === 'rejected')
    const open = ids.filter((id) => jobs.get(id)!.status !== 'COMPLETED')
    expect([rejected, open]).toEqual([[poisonId], [poisonId]])
  },
)

it('a decision that shares its transaction with others took as long as its own evaluation', async () => {
  const jobs = new Map([1, 2, 3].map(() => toJob(newCase(), NOW)).map((job) => [job.id, job]))
  let nowMs = 0
  const evaluate = async (): Promise<Evaluated> => {
    nowMs += 5
    return { verdict: VERDICT, shadow: null }
  }
  const made: StoredDecision[] = []
  const store = storeWith(jobs, { onDecisions: (decisions) => made.push(...decisions) })
  const options = { ...STANDARD, store, evaluate, announcesStart: false, monotonicMs: () => nowMs }
  const { decide } = createDecideIssue(options)

  await Promise.all([...jobs.keys()].map((id) => decide(id)))

  expect(made.map(({ durationMs }) => durationMs)).toEqual([5, 5, 5])
})

it('an attempt that is over ends its question to the model, stores nothing, and leaves the job for the next one', async () => {
  const job = toJob(newCase(), NOW)
  const jobs = new Map([[job.id, job]])
  const worker = new AbortController()
  const asked = Promise.withResolvers<void>()
  const hanging = createDecideIssue({
    ...STANDARD,
    store: storeWith(jobs),
    evaluate: (_case, signal) =>
      new Promise((resolve) => {
        // An answer that comes at the last moment.
        signal?.addEventListener('abort', () => resolve({ verdict: VERDICT, shadow: null }))
        asked.resolve()
      }),
  })
  const running = createDecideHandler(hanging).run(
    { jobId: job.id },
    {
      key: {},
      jobId: job.id,
      number: 1,
      isLast: false,
      queuedAt: new Date(),
      trace: null,
      stop: createStop(worker.signal),
      alone: false,
      showProgress: async () => {},
    },
  )
  await asked.promise

  worker.abort()

  expect(await running).toBe('again')
  expect(jobs.get(job.id)?.status).toBe('PROCESSING')
  await createDecideIssue({ ...STANDARD, store: storeWith(jobs) }).decide(job.id)
  expect(jobs.get(job.id)?.status).toBe('COMPLETED')
})
