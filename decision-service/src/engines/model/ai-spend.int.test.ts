import { createOutbox, outboxCollection, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAiSpend } from './ai-spend.ts'
import { type AiSpendDocument, createMongoSpendStore } from './mongo-ai-spend.ts'

const { mongo, db } = await openTestDatabase()
await prepareOutbox(db)
const days = db.collection<AiSpendDocument>('ai_spend')

let time = Date.UTC(2030, 5, 15, 12)
const seconds = (count: number) => {
  time += count * 1_000
}
const openSpend = () =>
  createAiSpend({
    store: createMongoSpendStore({ mongo, collections: { aiSpend: days }, outbox: createOutbox(db, () => {}) }),
    dailyBudgetUsd: 1,
    now: () => new Date(time),
    logger: silent,
  })

beforeEach(async () => {
  time = Date.UTC(2030, 5, 15, 12)
  await days.deleteMany({})
  await outboxCollection(db).deleteMany({})
})

describe('the money for models', () => {
  it('is counted by the day, to a millionth of a dollar', async () => {
    const spend = openSpend()

    await spend.add(0.003)
    await spend.add(0.000001)
    seconds(12 * 60 * 60)
    await spend.add(0.2)

    expect(await days.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: '2030-06-15', micros: 3_001 },
      { _id: '2030-06-16', micros: 200_000 },
    ])
  })

  it('ends when all workers together have spent it, and comes back at midnight', async () => {
    const [one, other] = [openSpend(), openSpend()]
    await Promise.all([one.add(0.5), other.add(0.4)])
    expect(await other.isExhausted()).toBe(false)

    await one.add(0.1)
    seconds(4)

    expect([await one.isExhausted(), await other.isExhausted()]).toEqual([true, true])
    seconds(12 * 60 * 60)
    expect([await one.isExhausted(), await other.isExhausted()]).toEqual([false, false])
  })

  it('is known to its process at once, and survives the process', async () => {
    const spend = openSpend()
    await spend.isExhausted()

    await spend.add(1)

    expect(await spend.isExhausted()).toBe(true)
    expect(await openSpend().isExhausted()).toBe(true)
  })

  it('says once a day that it is spent', async () => {
    const [one, other] = [openSpend(), openSpend()]
    await one.add(1.5)

    for (const spend of [one, other, one, openSpend()]) await spend.isExhausted()

    expect(await outboxEvents(db)).toMatchObject([
      {
        id: 'alert-ai-budget-2030-06-15',
        type: 'alert.raised',
        data: { type: 'AI_BUDGET_EXHAUSTED', severity: 'WARNING' },
      },
    ])
  })
})
