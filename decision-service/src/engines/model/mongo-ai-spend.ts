import { ACTORS } from '@redress/shared/access/actors.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import { alertEvent } from '../../domain/alert.ts'
import type { AiSpend } from './guarded-model.ts'

/** What one day cost: `_id` is the date in UTC, `micros` are millionths of a dollar. */
export type AiSpendDocument = { _id: string; micros: number; alertedAt?: Date }

/** What others spend is seen at the latest after this. */
const READ_EVERY_MS = 3_000
const MILLION = 1_000_000

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  outbox: Outbox
  dailyBudgetUsd: number
  now: Clock
  logger: Logger
}>

/** One day, as this process knows it. */
type Day = { readonly date: string; micros: number; unsaved: number; readAt: number; alerted: boolean }

/**
 * What was spent on models, per day, in MongoDB: a lost Redis does not lose the money. Calls that are under way when the
 * budget ends are paid for: it may be exceeded by what all workers ask within the time of one call and `READ_EVERY_MS`.
 * One document a day, kept for good. `settle` resolves when all that was counted so far is on record, or could not be.
 */
export function createMongoAiSpend({
  mongo,
  db,
  outbox,
  dailyBudgetUsd,
  now,
  logger,
}: Options): AiSpend & Readonly<{ settle: () => Promise<void> }> {
  const collection = db.collection<AiSpendDocument>('ai_spend')
  const budget = Math.round(dailyBudgetUsd * MILLION)
  let known = newDay('')
  const unsettled = new Set<Promise<void>>()

  const today = () => {
    const date = now().toISOString().slice(0, 10)
    if (known.date !== date) known = newDay(date)
    return known
  }
  const read = async (day: Day) => {
    day.readAt = now().getTime()
    const found = await collection.findOne({ _id: day.date })
    day.micros = Math.max(day.micros, (found?.micros ?? 0) + day.unsaved)
  }
  const save = async (day: Day) => {
    const micros = day.unsaved
    day.unsaved = 0
    try {
      const after = await collection.findOneAndUpdate(
        { _id: day.date },
        { $inc: { micros } },
        { upsert: true, returnDocument: 'after' },
      )
      day.micros = Math.max(day.micros, after?.micros ?? 0)
    } catch (error) {
      day.unsaved += micros
      throw error
    }
  }
  const tell = async (day: Day) => {
    day.alerted = true
    await inTransaction(mongo, async (session) => {
      const unsaid = { _id: day.date, alertedAt: { $exists: false } }
      const { modifiedCount } = await collection.updateOne(unsaid, { $set: { alertedAt: now() } }, { session })
      if (modifiedCount > 0) await outbox.add([toAlert(day.date, dailyBudgetUsd, now())], session)
    })
    outbox.wake()
  }
  const tryTo = async (day: Day, work: (day: Day) => Promise<void>) => {
    try {
      await work(day)
      return true
    } catch (err) {
      logger.warn({ err }, 'spending on models not on record yet')
      return false
    }
  }

  return {
    async isExhausted() {
      const day = today()
      if (now().getTime() - day.readAt >= READ_EVERY_MS) await tryTo(day, read)
      const exhausted = day.micros >= budget
      if (exhausted && !day.alerted) day.alerted = await tryTo(day, tell)
      return exhausted
    },
    add(costUsd) {
      const day = today()
      const micros = Math.round(costUsd * MILLION)
      day.micros += micros
      day.unsaved += micros
      const saving = tryTo(day, save).then(() => {
        unsettled.delete(saving)
      })
      unsettled.add(saving)
      return saving
    },
    async settle() {
      await Promise.all(unsettled)
    },
  }
}

function newDay(date: string): Day {
  return { date, micros: 0, unsaved: 0, readAt: Number.NEGATIVE_INFINITY, alerted: false }
}

function toAlert(date: string, dailyBudgetUsd: number, at: Date) {
  return alertEvent(
    {
      id: `ai-budget-${date}`,
      type: 'AI_BUDGET_EXHAUSTED',
      severity: 'WARNING',
      message: `The budget of ${dailyBudgetUsd} USD for models is spent on ${date}; no model is asked until midnight UTC.`,
      entity: { type: 'AiBudget', id: date },
      actor: ACTORS.worker,
    },
    at,
  )
}
