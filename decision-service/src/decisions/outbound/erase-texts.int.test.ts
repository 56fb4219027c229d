import type { DecisionCase } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { confirmingErasures } from '@redress/shared/events/confirm-erasures.ts'
import type { Apply } from '@redress/shared/events/log/group-store.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { NOW, newCase, openService } from '../../../test/service.ts'
import { pack } from '../../jobs/records/stored-json.ts'
import { createEraseTexts } from './erase-texts.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const { collections } = service
const outbox = createOutbox(db, () => {})
const nothing: Apply = async () => {}
const handling = confirmingErasures(
  { group: 'decisions', isRelevant: () => false, apply: nothing, record: outbox.add },
  { db, subgraph: 'decisions', actor: 'redress:decisions', eraseTexts: createEraseTexts(collections) },
)
const CAUSE = { actor: 'redress:issues', tenant: 'default', requestId: 'req-1', ip: null }
const erase = (part: number, issueIds: readonly string[], isRepeat = false) => {
  const event = newEvent('customer.erased', {
    ...{ id: `cust_9-erased-${part}`, at: NOW, cause: CAUSE },
    ...{ entity: { type: 'Customer', id: 'cust_9' }, data: { part, issueIds: [...issueIds] } },
  })
  return inTransaction(mongo, (session) => handling.apply([event], session, { isRepeat }))
}

/** A decided case whose message is in a job, a decision, a dead event and a dead letter. */
async function plant(message: string) {
  const { case: given, ...rest } = newCase()
  const withMessage: DecisionCase = { ...given, message }
  const [job] = await service.accept({ ...rest, case: withMessage })
  await service.decideIssue.decide(job!.id)
  const { issueId } = given
  await collections.decisions.updateOne({ issueId }, { $set: { model: 'claude', reasoning: `Says: ${message}` } })
  const data = { case: withMessage }
  const event = { id: `${issueId}-1`, type: 'issue.created', at: NOW.toISOString(), actor: 'ada', requestId: null }
  const text = JSON.stringify({ ...event, ip: null, entity: { type: 'Issue', id: issueId }, changes: {}, data })
  const place = { stream: 'events:issues' as const, sequence: 1 }
  await collections.deadEvents.insertOne({
    ...{
      _id: `dead-${issueId}`,
      group: 'decisions',
      ...place,
      entity: `Issue ${issueId}`,
      eventType: event.type,
      text,
    },
    ...{ reason: 'no', attempts: 1, nextAttemptAt: null, at: NOW },
  })
  await collections.deadLetters.insertOne({
    ...{ _id: `letter-${issueId}`, kind: 'EVENT', service: 'audit', type: event.type, code: 'EVENT_NOT_APPLIED' },
    ...{ reason: 'no', attempts: 1, state: 'OPEN', firstFailedAt: NOW, lastFailedAt: NOW, payload: pack(data) },
    event: { id: event.id, ...place, subject: { type: 'Issue', id: issueId } },
  })
  return issueId
}
const NAMES = ['decisions', 'jobs', 'deadEvents', 'deadLetters'] as const
/** The collections that have a text. */
async function placesOf(text: string) {
  const found = await Promise.all(
    NAMES.map(async (name) => {
      const documents = await db.collection(collections[name].collectionName).find().toArray()
      return JSON.stringify(documents).includes(text) ? [name] : []
    }),
  )
  return found.flat()
}

it('the texts of erased customers are erased in every collection, also twice, and each part is confirmed', async () => {
  const [erased, kept] = [await plant('ERASEME'), await plant('KEEPME')]
  expect(await placesOf('ERASEME')).toEqual(NAMES)
  await collections.outbox.deleteMany({ at: { $gte: new Date(0) } })

  await erase(1, [erased])
  await erase(2, [])
  await erase(1, [erased], true)

  expect(await placesOf('ERASEME')).toEqual([])
  expect(await placesOf('KEEPME')).toEqual(NAMES)
  expect(await collections.decisions.findOne({ issueId: erased })).toMatchObject({
    ...{ reasoning: '[erased]', action: 'APPROVE_REFUND', case: { issueId: erased } },
  })
  expect((await collections.decisions.findOne({ issueId: kept }))?.reasoning).toBe('Says: KEEPME')
  const confirmed = await outboxEvents(db)
  expect(confirmed).toMatchObject(
    [1, 2, 1].map((part) => ({
      ...{ type: 'customer.erasure_confirmed', actor: 'redress:decisions', requestId: 'req-1' },
      ...{ entity: { type: 'Customer', id: 'cust_9' }, data: { subgraph: 'decisions', part } },
    })),
  )
  expect(new Set(confirmed.map(({ id }) => id)).size).toBe(3)
})
