import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { expect, it } from 'vitest'
import { newCase, VERDICT } from '../../../test/service.ts'
import { type DecisionJob, toJob } from '../domain/job.ts'
import { NO_OVERSIGHT } from '../domain/oversight.ts'
import { createDecideIssue } from './decide-issue.ts'
import type { DecisionsStore, DecisionsTransaction } from './ports.ts'

const NOW = new Date('2030-06-15T12:00:00Z')

/** Jobs in memory. A transaction that ends the job `poisonId` fails each time, like one that takes too long. */
function storeWith(jobs: Map<string, DecisionJob>, poisonId: string): DecisionsStore {
  const transaction: DecisionsTransaction = {
    findJobs: async (ids) => new Map(ids.map((id) => [id, jobs.get(id)!])),
    async setStatus(ids, status) {
      if (ids.includes(poisonId)) throw new StoreUnavailableError()
      for (const id of ids) jobs.set(id, { ...jobs.get(id)!, status })
    },
    addJobs: async () => undefined,
    findDecisions: async () => new Map(),
    addDecisions: async () => undefined,
    setReviews: async () => undefined,
    addEvents: async () => undefined,
  }
  return { transact: (work) => work(transaction), noteHeld: async () => undefined }
}

it.for([false, true])(
  'a job whose transaction always fails hinders no other that is tried alone (announced start: %s)',
  async (announcesStart) => {
    const jobs = new Map(Array.from({ length: 100 }, () => toJob(newCase(), NOW)).map((job) => [job.id, job]))
    const ids = [...jobs.keys()]
    const poisonId = ids[50]!
    const { decide } = createDecideIssue({
      store: storeWith(jobs, poisonId),
      evaluate: async () => ({ verdict: VERDICT, shadow: null }),
      announcesStart,
      thresholdsOf: () => ({ autoResolve: 80, humanReview: 70 }),
      oversight: NO_OVERSIGHT,
      now: () => NOW,
      monotonicMs: () => 0,
      onCommit: () => {},
    })

    await Promise.allSettled(ids.map((id) => decide(id)))
    const outcomes = await Promise.allSettled(ids.map((id) => decide(id, { alone: true })))

    const rejected = ids.filter((_, index) => outcomes[index]!.status === 'rejected')
    const open = ids.filter((id) => jobs.get(id)!.status !== 'COMPLETED')
    expect([rejected, open]).toEqual([[poisonId], [poisonId]])
  },
)
