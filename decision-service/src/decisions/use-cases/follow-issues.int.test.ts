import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { NOW, newCase, openService, UNDECIDED } from '../../../test/service.ts'
import type { NewCase } from '../domain/job.ts'
import { createDecisionsTransaction } from '../outbound/mongo-decisions-store.ts'
import { createFollowIssues } from './follow-issues.ts'

const { mongo, db } = await openTestDatabase()
const { accept, collections, decideIssue, eventsOf, jobOf } = await openService({ mongo, db, announcesStart: false })
const follow = createFollowIssues({
  transactionIn: (session: Parameters<typeof createDecisionsTransaction>[2]) =>
    createDecisionsTransaction(
      collections,
      createOutbox(db, () => {}),
      session,
    ),
  recordReviews: async () => undefined,
  settlePayments: async () => undefined,
  queue: { enqueue: async () => undefined },
  now: () => NOW,
  onCommit: () => {},
})
const askAgain = (...overdue: readonly NewCase[]) =>
  inTransaction(mongo, (session) => follow.accept({ cases: [], overdue, reviews: [], isRepeat: false }, session))
const typesOf = async (jobId: string) => (await eventsOf(jobId)).map(({ type }) => type)

it('a case without a job, which is asked for again, gets the job that its first request would have made', async () => {
  const lost = newCase()

  await askAgain(lost)

  expect(await jobOf(`decide-${lost.eventId}`)).toMatchObject({ status: 'PENDING', case: lost.case })
})

it('the end of a job is told again where its case is asked for, and an open job is left as it is', async () => {
  const cases = [newCase(), newCase(), newCase()] as const
  const [decided, failed, open] = await accept(...cases)
  await decideIssue.decide(decided!.id)
  await decideIssue.giveUp(failed!.id, UNDECIDED)
  const ends = [...(await eventsOf(decided!.id)), ...(await eventsOf(failed!.id))]
  // As the relay does when it has published them.
  await collections.outbox.deleteMany({ at: { $gte: new Date(0) } })

  await askAgain(...cases)

  const [made, gaveUp] = [...(await eventsOf(decided!.id)), ...(await eventsOf(failed!.id))]
  expect(made).toMatchObject({ id: ends[0]!.id, type: 'decision.made', changes: ends[0]!.changes })
  expect(gaveUp).toEqual(ends[1])
  expect(await typesOf(open!.id)).toEqual([])
  expect((await jobOf(open!.id))?.status).toBe('PENDING')
})
