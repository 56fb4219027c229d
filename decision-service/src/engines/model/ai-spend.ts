import { ACTORS } from '@redress/shared/access/actors.ts'
import { causeOfService, type DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import { alertEvent } from '../../../../shared/src/events/alert.ts'
import type { AiSpend } from './guarded-model.ts'

/** The stored spend by day (a date in UTC). Amounts are millionths of a dollar. */
export type SpendStore = Readonly<{
  read(date: string): Promise<number>
  /** @returns the total of the day, including `micros`. */
  add(date: string, micros: number): Promise<number>
  /** Stores the alert of a day, once for all processes. */
  alertOnce(date: string, alert: DomainEvent, at: Date): Promise<void>
}>

/** The spending of other processes is read again after this time. */
const READ_EVERY_MS = 3_000
const MILLION = 1_000_000

type Options = Readonly<{ store: SpendStore; dailyBudgetUsd: number; now: Clock; logger: Logger }>

/** One day, as this process knows it. */
type Day = { readonly date: string; micros: number; unsaved: number; readAt: number; alerted: boolean }

/**
 * The daily budget for models, shared by all processes. It may be exceeded by the calls that all workers make within
 * the time of one call plus `READ_EVERY_MS`, because calls in flight are not aborted. `settle` resolves once every amount
 * counted so far was stored or failed to be.
 */
export function createAiSpend({ store, dailyBudgetUsd, now, logger }: Options): AiSpend & { settle(): Promise<void> } {
  const budget = toMicros(dailyBudgetUsd)
  const unsettled = new Set<Promise<void>>()
  const dayNow = createDays(now)

  const tryTo = async (work: () => Promise<void>) => {
    try {
      await work()
      return true
    } catch (err) {
      logger.warn({ err }, 'spending on models not on record yet')
      return false
    }
  }
  return {
    async isExhausted() {
      const day = dayNow()
      if (now().getTime() - day.readAt >= READ_EVERY_MS) await tryTo(() => refresh(day, store, now()))
      const exhausted = day.micros >= budget
      if (exhausted && !day.alerted) {
        day.alerted = true
        day.alerted = await tryTo(() => store.alertOnce(day.date, budgetAlert(day.date, dailyBudgetUsd, now()), now()))
      }
      return exhausted
    },
    add(costUsd) {
      const day = dayNow()
      day.micros += toMicros(costUsd)
      day.unsaved += toMicros(costUsd)
      const saving = tryTo(() => save(day, store)).then(() => {
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

const toMicros = (usd: number): number => Math.round(usd * MILLION)

/** The day of the present moment. A new one begins at midnight UTC, with nothing spent. */
function createDays(now: Clock) {
  let known: Day | null = null
  return (): Day => {
    const date = now().toISOString().slice(0, 10)
    if (known?.date !== date) known = { date, micros: 0, unsaved: 0, readAt: Number.NEGATIVE_INFINITY, alerted: false }
    return known
  }
}

async function refresh(day: Day, store: SpendStore, at: Date): Promise<void> {
  day.readAt = at.getTime()
  const recorded = await store.read(day.date)
  day.micros = Math.max(day.micros, recorded + day.unsaved)
}

async function save(day: Day, store: SpendStore): Promise<void> {
  const micros = day.unsaved
  day.unsaved = 0
  try {
    day.micros = Math.max(day.micros, await store.add(day.date, micros))
  } catch (error) {
    day.unsaved += micros
    throw error
  }
}

function budgetAlert(date: string, dailyBudgetUsd: number, at: Date): DomainEvent {
  return alertEvent(
    {
      id: `ai-budget-${date}`,
      type: 'AI_BUDGET_EXHAUSTED',
      severity: 'WARNING',
      message: `The budget of ${dailyBudgetUsd} USD for models is spent on ${date}; no model is asked until midnight UTC.`,
      entity: { type: 'AiBudget', id: date },
      cause: causeOfService(ACTORS.worker),
    },
    at,
  )
}
