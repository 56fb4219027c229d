import { AppError, NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { type Clock, MINUTE_MS } from '@redress/shared/time.ts'
import type { ApplyEvent } from './apply-event.ts'
import type { PaymentName, WaitingEvent } from './payment-event.ts'
import type { FailedAttempt, IntakeStore } from './ports.ts'

/** The last attempt comes about a quarter of an hour after the first one, at most half an hour. */
export const ATTEMPTS_MAX = 15
const RETRY_WAIT = { firstMs: 1_000, maxMs: 5 * MINUTE_MS, jitter: 1 }
/** Payments of one round, and events of one payment: the others wait for the next round. */
const PAYMENTS_MAX = 200
const EVENTS_MAX = 100
const SIDE_BY_SIDE = 8

/** One attempt has ended; `failed` is null where the event was applied. */
export type OnAttempt = (waiting: WaitingEvent, failed: FailedAttempt | null) => void

type Dependencies = Readonly<{
  store: IntakeStore
  applyEvent: ApplyEvent
  now: Clock
  random: () => number
  onAttempt: OnAttempt
  /** An error that is none of ours, which is stored without its text. */
  onUnexpected: (error: unknown, waiting: WaitingEvent) => void
  onCommit: () => void
}>

/**
 * Applies the events that are due: those of one payment in their order, each in a transaction of its own. One that fails
 * is tried again with backoff, and holds up the later ones of its payment, and no others.
 * @returns what runs a round; it rejects if the database is away.
 */
export function createApplyEvents(dependencies: Dependencies) {
  const { store, now } = dependencies
  return async (signal?: AbortSignal): Promise<void> => {
    const payments = await store.findDue(now(), PAYMENTS_MAX)
    for (let from = 0; from < payments.length; from += SIDE_BY_SIDE) {
      signal?.throwIfAborted()
      const some = payments.slice(from, from + SIDE_BY_SIDE)
      await Promise.all(some.map((payment) => applyOfPayment(payment, dependencies)))
    }
  }
}

async function applyOfPayment(payment: PaymentName, dependencies: Dependencies): Promise<void> {
  const { store, now } = dependencies
  for (const waiting of await store.findWaiting(payment, EVENTS_MAX)) {
    const isDue = waiting.nextAttemptAt <= now()
    const nextAttemptAt = isDue ? await attempt(waiting, dependencies) : waiting.nextAttemptAt
    if (nextAttemptAt !== null) return store.holdBehind(waiting, nextAttemptAt)
  }
}

/** @returns the time of the next attempt; null where the event does not wait any more. */
async function attempt(waiting: WaitingEvent, dependencies: Dependencies): Promise<Date | null> {
  const { store, applyEvent, now, onAttempt, onCommit } = dependencies
  try {
    await store.transact((transaction) => applyEvent(waiting, transaction, now()))
    onCommit()
    onAttempt(waiting, null)
    return null
  } catch (error) {
    if (isAway(error)) throw error
    const failed = toFailed(waiting, error, dependencies)
    const isNoted = await store.transact((transaction) => transaction.noteFailure(waiting, failed))
    onCommit()
    if (isNoted) onAttempt(waiting, failed)
    return failed.nextAttemptAt
  }
}

/** The database is away, which is no fault of the event and uses up no attempt. */
const isAway = (error: unknown) => error instanceof AppError && error.kind === 'unavailable'

function toFailed(waiting: WaitingEvent, error: unknown, { now, random, onUnexpected }: Dependencies): FailedAttempt {
  if (!(error instanceof AppError)) onUnexpected(error, waiting)
  const failure =
    error instanceof AppError
      ? { code: error.code, message: error.message }
      : { code: 'INTERNAL_SERVER_ERROR', message: NEUTRAL_MESSAGE }
  const [attempts, at] = [waiting.attempts + 1, now()]
  const isLast = attempts >= ATTEMPTS_MAX
  const nextAttemptAt = isLast ? null : new Date(at.getTime() + backoffMs(attempts, RETRY_WAIT, random()))
  return { attempts, failure, nextAttemptAt, at }
}
