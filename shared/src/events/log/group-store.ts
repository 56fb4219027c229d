import type { ClientSession, Collection, Db, MongoClient } from 'mongodb'
import { backoffMs } from '../../resilience/backoff.ts'
import { openCollections } from '../../stores/collections.ts'
import { inTransaction, isDuplicateKey } from '../../stores/mongo.ts'
import { createDeadLetterAlerts, type DeadLetterAlerts, type RecordEvents } from '../dead-letters/dead-letter-alerts.ts'
import { type DomainEvent, parseEvent, type StreamName } from '../envelope.ts'
import {
  DEAD_EVENTS,
  type DeadEvent,
  EVENT_ALERTS,
  EVENT_POSITIONS,
  type PositionDocument,
} from '../event-collections.ts'
import { inEffectOnce, type Repetition } from './in-effect-once.ts'
import { type Position, START } from './log-entry.ts'
import {
  entityOf,
  type FailedAttempt,
  RETRY_WAIT,
  type SetAsideEvent,
  type WaitingEvent,
  type WaitingPlace,
} from './set-aside.ts'

export type Step = Readonly<{ stream: StreamName; from: Position; to: Position }>

export type Commit = Readonly<{
  steps: readonly Step[]
  events: readonly DomainEvent[]
  setAside: readonly SetAsideEvent[]
}>

/** Another process of the group has moved a position: what this one knows is out of date. */
export class PositionMovedError extends Error {
  override readonly name = 'PositionMovedError'
}

/** Applies events within a transaction. @throws for what cannot be applied; the transaction is aborted then. */
export type Apply = (events: readonly DomainEvent[], session: ClientSession, how: Repetition) => Promise<void>

export type GroupStore = Readonly<{
  load: (streams: readonly StreamName[]) => Promise<Map<StreamName, Position>>
  /** One transaction. @throws PositionMovedError, and whatever applying the events throws */
  commit: (commit: Commit) => Promise<void>
  /** The places of all events that wait for another attempt, in the order in which they were set aside. */
  findWaiting: () => Promise<readonly WaitingPlace[]>
  readWaiting: (id: string) => Promise<WaitingEvent | null>
  /** False, without any effect, where another process has tried the event meanwhile; so is `noteFailure`. */
  applyWaiting: (waiting: WaitingEvent) => Promise<boolean>
  noteFailure: (waiting: WaitingEvent, attempt: FailedAttempt) => Promise<boolean>
}>

export function positionCollection(db: Db): Collection<PositionDocument> {
  return db.collection<PositionDocument>(EVENT_POSITIONS.name)
}

export function deadEventCollection(db: Db): Collection<DeadEvent> {
  return db.collection<DeadEvent>(DEAD_EVENTS.name)
}

export async function prepareGroupStore(db: Db): Promise<void> {
  await openCollections(db, { EVENT_POSITIONS, EVENT_ALERTS, DEAD_EVENTS })
}

/** Sequences of different epochs have no order, so the moment comes first. */
const AS_SET_ASIDE = { at: 1, stream: 1, sequence: 1 } as const

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  group: string
  apply: Apply
  /** Stores alerts about events that cannot be applied, in the same transaction. */
  record: RecordEvents
}>

/** How far a group has applied its streams; from the start for those that it has never read. */
export async function loadPositions(
  db: Db,
  group: string,
  streams: readonly StreamName[],
): Promise<Map<StreamName, Position>> {
  const ids = streams.map((stream) => toPositionId(group, stream))
  const found = await positionCollection(db)
    .find({ _id: { $in: ids } })
    .toArray()
  const byId = new Map(found.map(({ _id, ...position }) => [_id, position]))
  return new Map(streams.map((stream) => [stream, byId.get(toPositionId(group, stream)) ?? START]))
}

const toPositionId = (group: string, stream: StreamName) => `${group} ${stream}`

/**
 * The positions of a group and the events that it set aside, in the database of its effects. An event's effect and the
 * step beyond the event are one transaction: each takes effect exactly once, whatever Redis loses or delivers again.
 */
export function createGroupStore(options: Options): GroupStore {
  const { mongo, db, group, apply } = options
  const positions = positionCollection(db)
  const dead = deadEventCollection(db)
  const alerts = createDeadLetterAlerts(options)

  return {
    load: (streams) => loadPositions(db, group, streams),
    async commit({ steps, events, setAside }) {
      const at = new Date()
      await inEffectOnce(mongo, async (session, how) => {
        for (const step of steps) await move(positions, { group, step, session })
        if (setAside.length > 0) {
          await dead.bulkWrite(setAside.map(toDeadEvent(group, at)), { session, ordered: false })
          await raiseAlerts(alerts, setAside, { at, session })
        }
        if (events.length > 0) await apply(events, session, how)
      })
    },
    ...createReadWaiting(dead, group),
    // The number of attempts: a leader that was paused meanwhile changes nothing.
    applyWaiting: ({ id, event, attempts }) =>
      inEffectOnce(mongo, async (session, how) => {
        const { deletedCount } = await dead.deleteOne({ _id: id, attempts }, { session })
        if (deletedCount === 1) await apply([event], session, how)
        return deletedCount === 1
      }),
    noteFailure: (waiting, { attempts, reason, nextAttemptAt }) =>
      inTransaction(mongo, async (session) => {
        const tried = { _id: waiting.id, attempts: waiting.attempts }
        const failed = { $set: { attempts, reason, nextAttemptAt } }
        const isNoted = (await dead.updateOne(tried, failed, { session })).matchedCount === 1
        if (isNoted && nextAttemptAt === null) {
          await alerts.raise('DEAD_LETTER', [waiting], { at: new Date(), session })
        }
        return isNoted
      }),
  }
}

function createReadWaiting(
  dead: Collection<DeadEvent>,
  group: string,
): Pick<GroupStore, 'findWaiting' | 'readWaiting'> {
  return {
    async findWaiting() {
      const waiting = { group, nextAttemptAt: { $gt: new Date(0) } }
      const projection = { entity: 1, nextAttemptAt: 1 }
      const found = await dead.find(waiting, { projection }).sort(AS_SET_ASIDE).toArray()
      return found.map(({ _id: id, entity, nextAttemptAt }) => ({ id, entity: entity!, nextAttemptAt: nextAttemptAt! }))
    },
    async readWaiting(id) {
      const found = await dead.findOne({ _id: id, nextAttemptAt: { $gt: new Date(0) } })
      return found && toWaiting(found)
    },
  }
}

type Transaction = Readonly<{ at: Date; session: ClientSession }>

/** A text that is not an event is a dead letter at once. Events behind one of their entity raise nothing. */
async function raiseAlerts(alerts: DeadLetterAlerts, setAside: readonly SetAsideEvent[], transaction: Transaction) {
  const letters = setAside.filter(({ isBlocked }) => !isBlocked).map(({ delivery }) => delivery)
  const [events, texts] = [letters.filter(({ event }) => event), letters.filter(({ event }) => !event)]
  await alerts.raise('EVENT_SET_ASIDE', events, transaction)
  await alerts.raise('DEAD_LETTER', texts, transaction)
}

type Move = Readonly<{ group: string; step: Step; session: ClientSession }>

/** @throws PositionMovedError */
async function move(positions: Collection<PositionDocument>, { group, step, session }: Move): Promise<void> {
  const { stream, from, to } = step
  const _id = toPositionId(group, stream)
  const isFirst = from.epoch === null
  const filter = isFirst ? { _id, epoch: null } : { _id, epoch: from.epoch, sequence: from.sequence }
  const $set = { epoch: to.epoch, sequence: to.sequence, digest: to.digest ?? null }
  try {
    const moved = await positions.updateOne(filter, { $set }, { session, upsert: isFirst })
    if (moved.matchedCount + moved.upsertedCount > 0) return
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
  }
  throw new PositionMovedError(`${_id} has moved on.`)
}

/** Replaces one that is there: after the log was restored the same entry may come again. */
const toDeadEvent =
  (group: string, at: Date) =>
  ({ delivery: { stream, epoch, sequence, text, event }, reason }: SetAsideEvent) => {
    const _id = `${group} ${stream} ${epoch} ${sequence}`
    const facts = { group, stream, sequence, text, reason, attempts: 1, at }
    const about = { entity: event && entityOf(event), eventType: event?.type ?? null }
    const nextAttemptAt = event && new Date(at.getTime() + backoffMs(1, RETRY_WAIT))
    return { replaceOne: { filter: { _id }, replacement: { ...facts, ...about, nextAttemptAt }, upsert: true } }
  }

function toWaiting({ _id: id, text, stream, sequence, attempts }: DeadEvent): WaitingEvent | null {
  const event = parseEvent(text)
  return event && { id, stream, sequence, event, attempts }
}
