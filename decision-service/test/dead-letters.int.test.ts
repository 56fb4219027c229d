import { createOutbox } from '@redress/shared/events/outbox.ts'
import { serveDeadLetters } from '@redress/shared/testing/dead-letters.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import type { ClientSession } from 'mongodb'
import { expect, it } from 'vitest'
import { jobIdFor } from '../src/decisions/domain/job.ts'
import { createIssueEvents } from '../src/decisions/inbound/issue-events.ts'
import { createDecisionsTransaction } from '../src/decisions/outbound/mongo-decisions-store.ts'
import { createFollowIssues } from '../src/decisions/use-cases/follow-issues.ts'
import { listingEvents } from '../src/jobs/dead-letters/list-events.ts'
import { NOW, newCase, openService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(43)
const { collections } = await openService({ mongo, db })
const outbox = createOutbox(db, () => {})
const queued: string[] = []
const follow = createFollowIssues({
  transactionIn: (session: ClientSession) => createDecisionsTransaction(collections, outbox, session),
  recordReviews: async () => {},
  settlePayments: async () => {},
  queue: { enqueue: async (jobs) => void queued.push(...jobs.map(({ id }) => id)) },
  now: () => NOW,
  onCommit: () => {},
})
const { addDeadLetter, list, replay } = await serveDeadLetters(
  { mongo, db, redis },
  {
    schemaFile: new URL('../schema.graphql', import.meta.url),
    handling: listingEvents(
      createIssueEvents({ ...follow, recover: async () => {}, record: outbox.add }),
      collections.deadLetters,
    ),
  },
)

it('a dead letter of the decisions is listed and replayed by an operator only, and its case is queued then', async () => {
  const { case: decisionCase } = newCase()
  const { issueId } = decisionCase
  const entity = { type: 'Issue', id: issueId }
  await addDeadLetter(eventOf(issueId, 1, { type: 'issue.created', entity, data: { case: decisionCase } }))

  const refused = [await list('read_only'), await replay('reviewer')]
  const listed = await list('operator')
  const replayed = [await replay('operator'), await replay('operator')]

  expect(refused.map(({ errors }) => errors[0]?.extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  const node = { eventId: `${issueId}-1`, eventType: 'issue.created', reason: 'Error: no' }
  expect(listed.data).toEqual({ result: { totalCount: 1, nodes: [node] } })
  expect(replayed.map((answer) => answer.data.result)).toEqual([
    { replayed: 1, isComplete: true },
    { replayed: 0, isComplete: true },
  ])
  await expect.poll(() => queued).toEqual([jobIdFor(`${issueId}-1`)])
  expect(await outboxEvents(db)).toContainEqual(
    expect.objectContaining({ type: 'dead_letters.replayed', actor: 'a-operator', data: expect.anything() }),
  )
})
