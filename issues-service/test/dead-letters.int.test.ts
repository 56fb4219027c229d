import { createOutbox } from '@redress/shared/events/outbox.ts'
import { serveDeadLetters } from '@redress/shared/testing/dead-letters.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { createDecisionEvents } from '../src/issues/inbound/decision-events.ts'
import { createIssuesTransactions } from '../src/issues/outbound/mongo-issues-store.ts'
import { createFollowDecisions } from '../src/issues/use-cases/follow-decisions.ts'
import { decisionOf, NOW, openIssue, openService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(42)
const service = await openService({ mongo, db })
const outbox = createOutbox(db, () => {})
const { addDeadLetter, list, replay } = await serveDeadLetters(
  { mongo, db, redis },
  {
    schemaFile: new URL('../schema.graphql', import.meta.url),
    handling: createDecisionEvents({
      ...{ followDecisions: createFollowDecisions({ now: () => NOW }), outbox },
      transactionIn: createIssuesTransactions({ collections: service.collections, outbox }),
    }),
  },
)

it('a dead letter of the issues is listed and replayed by an operator only, and moves its issue then', async () => {
  const { id } = await openIssue(service)
  const data = { issueId: id, reason: 'no luck' }
  const entity = { type: 'Decision', id: decisionOf(id) }
  const event = eventOf(entity.id, 2, { type: 'decision.failed', entity, data })
  await addDeadLetter(event)

  const refused = [await list('read_only'), await replay('reviewer')]
  const listed = await list('operator')
  const replayed = [await replay('operator'), await replay('operator')]

  expect(refused.map(({ errors }) => errors[0]?.extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  const node = { eventId: event.id, eventType: 'decision.failed', reason: 'Error: no' }
  expect(listed.data).toEqual({ result: { totalCount: 1, nodes: [node] } })
  expect(replayed.map((answer) => answer.data.result)).toEqual([
    { replayed: 1, isComplete: true },
    { replayed: 0, isComplete: true },
  ])
  const status = async () => (await service.collections.issues.findOne({ _id: id }))?.status
  await expect.poll(status).toBe('FAILED')
  expect(await outboxEvents(db)).toContainEqual(
    expect.objectContaining({ type: 'dead_letters.replayed', actor: 'a-operator', data: expect.anything() }),
  )
})
