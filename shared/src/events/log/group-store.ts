import type { ClientSession, Collection, Db, MongoClient } from 'mongodb'
import { openCollections } from '../../stores/collections.ts'
import { inTransaction, isDuplicateKey } from '../../stores/mongo.ts'
import {
  createReadWaiting,
  deadEventCollection,
  type ReadWaiting,
  toDeadEvent,
  toReplacement,
} from '../dead-letters/dead-events.ts'
import { createDeadLetterAlerts, type DeadLetterAlerts, type RecordEvents } from '../dead-letters/dead-letter-alerts.ts'
import type { ListDeadEvents } from '../dead-letters/list-dead-events.ts'
import type { DomainEvent, StreamName } from '../envelope.ts'
import { DEAD_EVENTS, EVENT_ALERTS, EVENT_POSITIONS, type PositionDocument } from '../event-collections.ts'
import { inEffectOnce, type Repetition } from './in-effect-once.ts'
import { type Position, START } from './log-entry.ts'
import type { FailedAttempt, SetAsideEvent, WaitingEvent } from './set-aside.ts'

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

export type GroupStore = ReadWaiting &
  Readonly<{
    load: (streams: readonly StreamName[]) => Promise<Map<StreamName, Position>>
    /** One transaction. @throws PositionMovedError, and whatever applying the events throws */
    commit: (commit: Commit) => Promise<void>
    /** False, without any effect, where another process has tried the event meanwhile; so is `noteFailure`. */
    applyWaiting: (waiting: WaitingEvent) => Promise<boolean>
    noteFailure: (waiting: WaitingEvent, attempt: FailedAttempt) => Promise<boolean>
  }>

export function positionCollection(db: Db): Collection<PositionDocument> {
  return db.collection<PositionDocument>(EVENT_POSITIONS.name)
}

export async function prepareGroupStore(db: Db): Promise<void> {
  await openCollections(db, { EVENT_POSITIONS, EVENT_ALERTS, DEAD_EVENTS })
}

const NO_LIST: ListDeadEvents = async () => undefined

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  group: string
  apply: Apply
  /** Stores alerts about events that cannot be applied, in the same transaction. */
  record: RecordEvents
  /** Default: they are in no list. */
  list?: ListDeadEvents
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
  const { mongo, db, group, apply, list = NO_LIST } = options
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
          const events = setAside.map(toDeadEvent(group, at))
          await dead.bulkWrite(events.map(toReplacement), { session, ordered: false })
          await raiseAlerts(alerts, setAside, { at, session })
          const texts = events.filter(({ nextAttemptAt }) => nextAttemptAt === null)
          if (texts.length > 0) await list(texts, at, session)
        }
        if (events.length > 0) await apply(events, session, how)
      })
    },
    ...createReadWaiting(dead, group),
    ...createAttempts(options, alerts),
  }
}

type Attempts = Pick<GroupStore, 'applyWaiting' | 'noteFailure'>

function createAttempts({ mongo, db, apply, list = NO_LIST }: Options, alerts: DeadLetterAlerts): Attempts {
  const dead = deadEventCollection(db)
  return {
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
        const isDead = nextAttemptAt === null
        const failed = { $set: { attempts, reason, nextAttemptAt, ...(isDead && { listed: true as const }) } }
        const noted = await dead.findOneAndUpdate(tried, failed, { session, returnDocument: 'after' })
        if (noted !== null && isDead) {
          const at = new Date()
          await alerts.raise('DEAD_LETTER', [waiting], { at, session })
          await list([noted], at, session)
        }
        return noted !== null
      }),
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
