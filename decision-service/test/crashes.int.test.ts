import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import type { DecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import type { DecisionsStore } from '../src/decisions/use-cases/ports.ts'
import { newCase, openService, UNDECIDED } from './service.ts'

const MOMENTS = ['before', 'within', 'after'] as const
type Moment = (typeof MOMENTS)[number]

const { mongo, db } = await openTestDatabase()

/** The process, or its way to the database, ends at a moment of its nth transaction; `after` is after the commit. */
const endingAt =
  (nth: number, moment: Moment) =>
  (store: DecisionsStore): DecisionsStore => {
    let transactions = 0
    return {
      ...store,
      async transact(work) {
        const ends = ++transactions >= nth
        if (ends && moment === 'before') throw new StoreUnavailableError()
        const result = await store.transact(async (transaction) => {
          const done = await work(transaction)
          if (ends && moment === 'within') throw new StoreUnavailableError()
          return done
        })
        if (ends) throw new StoreUnavailableError()
        return result
      },
    }
  }

const open = (announcesStart: boolean, storeOf?: (store: DecisionsStore) => DecisionsStore) =>
  openService({ mongo, db, announcesStart, ...(storeOf && { storeOf }) })

/** One job of which `attempt` ends as said, and which is then taken by another worker. */
async function takeOver(
  announcesStart: boolean,
  crash: ReturnType<typeof endingAt>,
  attempt: (decide: DecideIssue, id: string) => Promise<void>,
) {
  const crashing = await open(announcesStart, crash)
  const other = await open(announcesStart)
  const [job] = await other.accept(newCase())
  await attempt(crashing.decideIssue, job!.id).catch(() => undefined)

  await other.decideIssue.decide(job!.id)

  return {
    status: (await other.jobOf(job!.id))?.status,
    events: (await other.eventsOf(job!.id)).map(({ type }) => type),
    decisions: await other.collections.decisions.countDocuments({ issueId: job!.case.issueId }),
  }
}

describe('a job whose worker ends at any step', () => {
  it.for(MOMENTS.map((moment) => [moment] as const))(
    '%s its transaction is decided once, where it is decided at once',
    async ([moment]) => {
      const after = await takeOver(false, endingAt(1, moment), ({ decide }, id) => decide(id))

      expect(after).toEqual({ status: 'COMPLETED', events: ['decision.made'], decisions: 1 })
    },
  )

  it.for(MOMENTS.flatMap((moment) => [1, 2].map((nth) => [moment, nth] as const)))(
    '%s transaction %i is decided once, where its start is announced',
    async ([moment, nth]) => {
      const after = await takeOver(true, endingAt(nth, moment), ({ decide }, id) => decide(id))

      expect(after).toEqual({ status: 'COMPLETED', events: ['decision.started', 'decision.made'], decisions: 1 })
    },
  )

  it.for([
    ['before', { status: 'COMPLETED', events: ['decision.made'], decisions: 1 }],
    ['within', { status: 'COMPLETED', events: ['decision.made'], decisions: 1 }],
    ['after', { status: 'FAILED', events: ['decision.failed'], decisions: 0 }],
  ] as const)('%s the transaction that gives it up has one end', async ([moment, end]) => {
    const after = await takeOver(false, endingAt(1, moment), ({ giveUp }, id) => giveUp(id, UNDECIDED))

    expect(after).toEqual(end)
  })
})
