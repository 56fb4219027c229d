import { newEvent } from '@redress/shared/events/catalogue.ts'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { serveDeadLetters } from '@redress/shared/testing/dead-letters.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { appendTexts } from '@redress/shared/testing/published-events.ts'
import { openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { createDecisionEvents } from '../src/issues/inbound/decision-events.ts'
import { createIssuesTransactions } from '../src/issues/outbound/mongo-issues-store.ts'
import { createFollowDecisions } from '../src/issues/use-cases/follow-decisions.ts'
import { ADA, decisionOf, NOW, openIssue, openService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(42)
const service = await openService({ mongo, db })
const outbox = createOutbox(db, () => {})
const { addDeadLetter, list, replay } = await serveDeadLetters(
  { mongo, db, redis },
  {
    schemaFile: new URL('../schema.graphql', import.meta.url),
    handling: {
      ...createDecisionEvents({
        ...{ followDecisions: createFollowDecisions({ now: () => NOW }), outbox },
        transactionIn: createIssuesTransactions({ collections: service.collections, outbox }),
      }),
      followOther: service.intake.followActs,
    },
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

it('an event of a payment that is a dead letter is tried again once the list of all services says so', async () => {
  const event = { eventId: 'late-1', type: 'PAYMENT_CAPTURED', paymentExternalId: 'late-1', occurredAt: NOW } as const
  const nothing = {
    amount: null,
    declineCode: null,
    autoRetryCount: null,
    installmentNumber: null,
    disputeReason: null,
  }
  await service.intake.acceptEvents([{ ...event, ...nothing }], ADA)
  const ofEvent = { tenant: ADA.tenant, 'event.eventId': 'late-1' }
  const dead = { state: 'DEAD', attempts: 15, nextAttemptAt: null } as const
  const found = await service.collections.paymentEvents.findOneAndUpdate(ofEvent, { $set: dead })
  const replayed = newEvent('dead_letters.replayed', {
    ...{ id: 'replayed-1', at: NOW, cause: ADA, entity: { type: 'ConsumerGroup', id: 'issues' } },
    data: { group: 'issues', ids: [found!._id] },
  })

  await appendTexts(redis, STREAMS.decisions, [JSON.stringify(replayed)])

  const state = async () => (await service.collections.paymentEvents.findOne(ofEvent))?.state
  await expect.poll(state).toBe('WAITING')
})
