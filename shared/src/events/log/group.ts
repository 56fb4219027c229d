import type { DomainEvent, StreamName } from '../envelope.ts'
import { takeContiguous } from './contiguous.ts'
import { type GroupStore, PositionMovedError, type Step } from './group-store.ts'
import { digestOf, isSamePosition, type Position } from './log-entry.ts'
import { BEYOND_ANY_LOG } from './reports.ts'
import { entityOf, type SetAsideEvent, type Waiting } from './set-aside.ts'
import { createSettle, type Hold } from './settle.ts'
import type { Delivery, StreamReader } from './stream-reader.ts'

/** How often positions are stored and reported that moved over nothing but irrelevant events. */
const KEEP_UP_MS = 1_000

export type Trace = (
  events: readonly DomainEvent[],
  run: (events: readonly DomainEvent[]) => Promise<void>,
) => Promise<void>

export type GroupOptions = Readonly<{
  store: GroupStore
  reader: StreamReader
  streams: readonly StreamName[]
  /** Events that mean nothing to the group are passed over. Must not throw. */
  isRelevant: (event: DomainEvent) => boolean
  /** Runs a commit within spans of the events' traces, which the events it is given belong to. */
  trace: Trace
  /** Events that were committed; called once for each commit, and not awaited beyond it. */
  afterCommit: (events: readonly DomainEvent[]) => Promise<void>
  waiting: Waiting
  report: (stream: StreamName, position: Position) => Promise<void>
  onSetAside: (event: SetAsideEvent) => void
  /** Entries that the group has not applied and that the log does not have any more. */
  onGone: (lost: Readonly<{ stream: StreamName; from: number; to: number }>) => void
  /** Whether an error is no fault of the events: the same commit may succeed later. */
  isTransient: (error: unknown) => boolean
  /** Kept over several openings of a group: each failure opens it anew. */
  hold: Hold
  monotonicMs: () => number
}>

export type Round = 'busy' | 'gap' | 'idle'

/**
 * A place in a stream. It is `assumed` where no entry was read there, but the state of the stream says that the next one is
 * the oldest: it is not stored, because a log that is restored later may have another history with this place in it.
 */
type Place = Position & Readonly<{ isAssumed?: true }>

/** The places of a group as one process knows them; `read` is ahead of `stored` where everything since was irrelevant. */
type Group = Readonly<{ options: GroupOptions; stored: Map<StreamName, Position>; read: Map<StreamName, Place> }>

/**
 * Applies the entries of some streams from the stored positions on, round by round. One process of a group runs it at a
 * time; should two overlap, the positions let only one of them commit, and the other one's round rejects.
 * A rejected round leaves nothing half done: begin with a new group.
 */
export async function openGroup(options: GroupOptions): Promise<() => Promise<Round>> {
  const { store, reader, streams, waiting } = options
  const stored = await store.load(streams)
  const group: Group = { options, stored, read: new Map(stored) }
  await waiting.load()

  const keepUp = createKeepUp(group)
  const settle = createSettle({
    commit: (deliveries) => commit(group, deliveries),
    setAside: (delivery, reason) => setAside(group, delivery, reason),
    isTransient: options.isTransient,
    hold: options.hold,
  })
  return async () => {
    await keepUp()
    await waiting.retry()
    for (const [stream, place] of group.read) if (place.isAssumed) await checkState(group, stream, place)
    const { deliveries, gaps } = takeContiguous(await reader.read(group.read), group.read)
    if (!(await isContinued(group))) {
      for (const [stream, position] of group.read) await checkState(group, stream, position)
      return 'gap'
    }
    await settle(deliveries)
    if (deliveries.length > 0 && gaps.length === 0) return 'busy'
    if (gaps.length > 0) await checkStored(group)
    for (const [stream, position] of group.read) await checkState(group, stream, position)
    return gaps.length > 0 ? 'gap' : 'idle'
  }
}

/** Stores and reports about once a second how far the group is. */
function createKeepUp(group: Group) {
  const { monotonicMs, report } = group.options
  let keptUpAtMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (monotonicMs() < keptUpAtMs + KEEP_UP_MS) return
    keptUpAtMs = monotonicMs()
    if (stepsTo(group, group.read).length > 0) await keep(group, group.read, { events: [], setAside: [] })
    for (const [stream, place] of group.read) await report(stream, place.isAssumed ? place : group.stored.get(stream)!)
  }
}

async function commit(group: Group, deliveries: readonly Delivery[]): Promise<void> {
  const { trace, afterCommit } = group.options
  const sorted = sort(group.options, deliveries)
  const ends = endsOf(deliveries)
  if (sorted.events.length + sorted.setAside.length === 0) return advance(group.read, ends)
  await trace(sorted.events, async (events) => {
    await keep(group, ends, { ...sorted, events })
    for (const one of sorted.setAside) group.options.onSetAside(one)
    if (events.length > 0) await afterCommit(events)
  })
}

type Sorted = Readonly<{ events: readonly DomainEvent[]; setAside: readonly SetAsideEvent[] }>

/** Which deliveries are applied, and which have to wait; irrelevant ones are neither. */
function sort({ isRelevant, waiting }: GroupOptions, deliveries: readonly Delivery[]): Sorted {
  const events: DomainEvent[] = []
  const setAside: SetAsideEvent[] = []
  for (const delivery of deliveries) {
    const { event } = delivery
    if (event === null) setAside.push({ delivery, reason: 'This is not an event.' })
    else if (!isRelevant(event)) continue
    else if (!waiting.blocks(entityOf(event))) events.push(event)
    else setAside.push({ delivery, reason: 'An earlier event of its entity waits.', isBlocked: true })
  }
  return { events, setAside }
}

async function setAside(group: Group, delivery: Delivery, reason: string): Promise<void> {
  await keep(group, endsOf([delivery]), { events: [], setAside: [{ delivery, reason }] })
  group.options.waiting.block(delivery)
  group.options.onSetAside({ delivery, reason })
}

/** Stores effects together with the positions that they lead to. */
async function keep(group: Group, ends: ReadonlyMap<StreamName, Place>, effects: Sorted): Promise<void> {
  const steps = stepsTo(group, ends)
  await group.options.store.commit({ steps, ...effects })
  for (const { stream, to } of steps) group.stored.set(stream, to)
  advance(group.read, ends)
}

function stepsTo({ options, stored, read }: Group, ends: ReadonlyMap<StreamName, Place>): readonly Step[] {
  return options.streams.flatMap((stream) => {
    const [from, to] = [stored.get(stream)!, ends.get(stream) ?? read.get(stream)!]
    return to.isAssumed || isSamePosition(from, to) ? [] : [{ stream, from, to }]
  })
}

function advance(read: Group['read'], ends: ReadonlyMap<StreamName, Place>): void {
  for (const [stream, position] of ends) read.set(stream, position)
}

/** An apparent gap is none where another process has applied it. @throws PositionMovedError */
async function checkStored({ options: { store, streams }, stored }: Group): Promise<void> {
  for (const [stream, position] of await store.load(streams)) {
    if (!isSamePosition(position, stored.get(stream)!)) throw new PositionMovedError()
  }
}

/**
 * Whether the streams still have the very entries that were read last. Where one has another, its log was restored from
 * an older copy while Redis was lost; the relay begins a new epoch once it has the report.
 */
async function isContinued({ options, read }: Group): Promise<boolean> {
  let isSame = true
  for (const [stream, { epoch, sequence, digest }] of read) {
    const text = digest ? await options.reader.readText(stream, sequence) : null
    if (text === null || digestOf(text) === digest) continue
    isSame = false
    await options.report(stream, { epoch, sequence: BEYOND_ANY_LOG })
  }
  return isSame
}

/** Begins anew on a stream whose log has another epoch, and goes on behind entries that are gone for good. */
async function checkState({ options, read }: Group, stream: StreamName, place: Place): Promise<void> {
  const state = await options.reader.readState(stream)
  if (state === null) return
  const { epoch, oldest } = state
  const isBehind = place.epoch === epoch && place.sequence + 1 < oldest
  if (isBehind) options.onGone({ stream, from: place.sequence + 1, to: oldest - 1 })
  if (isBehind || place.isAssumed || place.epoch !== epoch) {
    read.set(stream, { epoch, sequence: oldest - 1, isAssumed: true })
  }
}

function endsOf(deliveries: readonly Delivery[]): ReadonlyMap<StreamName, Position> {
  const last = new Map(deliveries.map((delivery) => [delivery.stream, delivery]))
  return new Map(
    [...last].map(([stream, { epoch, sequence, text }]) => [stream, { epoch, sequence, digest: digestOf(text) }]),
  )
}
