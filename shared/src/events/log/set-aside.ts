import { backoffMs } from '../../resilience/backoff.ts'
import type { DomainEvent, StreamName } from '../envelope.ts'
import type { Delivery } from './stream-reader.ts'

/** Attempts to apply an event alone: with these waits the last one comes after eight to nine minutes. */
const ATTEMPTS_MAX = 10
/** The waits between attempts. */
export const RETRY_WAIT = { firstMs: 1_000, maxMs: Number.POSITIVE_INFINITY, jitter: 0.25 }
const RETRY_EVERY_MS = 1_000
const LOOK_EVERY_MS = 5_000
/** The time of one round of attempts; new events are applied before the next round. */
const ROUND_MS = 500

/** A delivery that could not be applied, and why; `isBlocked` where only an earlier event of its entity is the cause. */
export type SetAsideEvent = Readonly<{ delivery: Delivery; reason: string; isBlocked?: boolean }>

/** An event that was set aside and will be tried again, without its text. */
export type WaitingPlace = Readonly<{ id: string; entity: string; nextAttemptAt: Date }>

export type WaitingEvent = Readonly<{
  id: string
  stream: StreamName
  sequence: number
  event: DomainEvent
  attempts: number
}>

/** A failed attempt; `nextAttemptAt` is null where it was the last one: the event is a dead letter then. */
export type FailedAttempt = Readonly<{ attempts: number; reason: string; nextAttemptAt: Date | null }>

export type Waiting = Readonly<{
  load: () => Promise<void>
  /** Whether an earlier event of the entity waits, so that a later one must wait behind it. */
  blocks: (entity: string) => boolean
  block: (delivery: Delivery) => void
  /** Tries the events that are due, about once a second; of each entity the earliest one only. */
  retry: () => Promise<void>
}>

type Dependencies = Readonly<{
  /** All events that wait, in the order of their streams. */
  findWaiting: () => Promise<readonly WaitingPlace[]>
  /** Null where the event does not wait any more. */
  readWaiting: (id: string) => Promise<WaitingEvent | null>
  /** One transaction: applies an event, and removes it from those that wait. False where another process has tried it meanwhile. */
  applyWaiting: (waiting: WaitingEvent) => Promise<boolean>
  trace: (events: readonly DomainEvent[], run: (events: readonly DomainEvent[]) => Promise<void>) => Promise<void>
  /** False where another process has tried the event meanwhile. */
  noteFailure: (waiting: WaitingEvent, attempt: FailedAttempt) => Promise<boolean>
  afterCommit: (events: readonly DomainEvent[]) => Promise<void>
  onAttempt: (waiting: WaitingEvent, failed: FailedAttempt | null) => void
  isTransient: (error: unknown) => boolean
  nowMs: () => number
  monotonicMs: () => number
  random: () => number
}>

/**
 * Tries events again that could not be applied, with exponential backoff: what a newer version of the program can read
 * waits for it. Events of one entity keep their order.
 */
export function createWaiting(dependencies: Dependencies): Waiting {
  const { findWaiting, nowMs, monotonicMs } = dependencies
  let blocked = new Set<string>()
  let triedAtMs = Number.NEGATIVE_INFINITY

  const load = async () => {
    const waiting = await findWaiting()
    blocked = new Set(waiting.map(({ entity }) => entity))
    return waiting
  }

  return {
    load: async () => void (await load()),
    blocks: (entity) => blocked.has(entity),
    block({ event }) {
      if (event !== null) blocked.add(entityOf(event))
    },
    async retry() {
      // Once in a while also where nothing waits: an operator may have had dead letters replayed.
      if (monotonicMs() < triedAtMs + (blocked.size === 0 ? LOOK_EVERY_MS : RETRY_EVERY_MS)) return
      triedAtMs = monotonicMs()
      const seen = new Set<string>()
      for (const { id, entity, nextAttemptAt } of await load()) {
        if (monotonicMs() > triedAtMs + ROUND_MS) break
        if (!seen.has(entity) && nextAttemptAt.getTime() <= nowMs()) await attempt(id, dependencies)
        seen.add(entity)
      }
      if (seen.size > 0) await load()
    },
  }
}

async function attempt(id: string, dependencies: Dependencies): Promise<void> {
  const { readWaiting, applyWaiting, trace, noteFailure, afterCommit, onAttempt, isTransient, nowMs, random } =
    dependencies
  const waiting = await readWaiting(id)
  if (waiting === null) return
  let isApplied = false
  try {
    await trace([waiting.event], async ([event = waiting.event]) => {
      isApplied = await applyWaiting({ ...waiting, event })
    })
  } catch (error) {
    const { attempts } = waiting
    if (isTransient(error)) {
      // Uses up no attempt, and delays nothing else. If the database is away, this write fails as well.
      const nextAttemptAt = new Date(nowMs() + backoffMs(attempts, RETRY_WAIT, random()))
      await noteFailure(waiting, { attempts, reason: String(error), nextAttemptAt })
      return
    }
    const failed = toFailedAttempt(waiting, { error, nowMs: nowMs(), random: random() })
    if (await noteFailure(waiting, failed)) onAttempt(waiting, failed)
    return
  }
  if (!isApplied) return
  onAttempt(waiting, null)
  await afterCommit([waiting.event])
}

function toFailedAttempt(
  { attempts: before }: WaitingEvent,
  { error, nowMs, random }: Readonly<{ error: unknown; nowMs: number; random: number }>,
): FailedAttempt {
  const attempts = before + 1
  const nextAttemptAt = attempts >= ATTEMPTS_MAX ? null : new Date(nowMs + backoffMs(attempts, RETRY_WAIT, random))
  return { attempts, reason: String(error), nextAttemptAt }
}

export function entityOf({ entity }: DomainEvent): string {
  return `${entity.type} ${entity.id}`
}
