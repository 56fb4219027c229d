import { type DomainEvent, parseEvent, type StreamName } from '../envelope.ts'
import type { EventLog } from './event-log.ts'
import { EMPTY, type EventStream, type StreamEnd } from './event-stream.ts'
import { type Commit, type GroupStore, PositionMovedError } from './group-store.ts'
import { isSamePosition, type LogEntry, type Position, START } from './log-entry.ts'
import { entityOf, type WaitingEvent } from './set-aside.ts'
import type { Delivery, StreamReader } from './stream-reader.ts'

/** Thrown at a point of the program where a process is killed or a store goes away. */
export class CrashError extends Error {}

type Entry = Readonly<{ epoch: string; sequence: number; text: string }>
type Copy = Readonly<{
  entries: readonly Entry[]
  state: Readonly<{ epoch: string; oldest: number }> | null
  reports: ReadonlyMap<string, Position>
}>

/** Redis as far as events are concerned: it may lose what was written last, or everything, or become an older copy. */
export function createModelRedis(mayCrash: () => void) {
  let entries: Entry[] = []
  let state: Copy['state'] = null
  const backups: Copy[] = []

  const end = (): StreamEnd => entries.at(-1) ?? EMPTY
  const stream: Omit<EventStream, 'trim'> = {
    async append(after, epoch, added) {
      mayCrash()
      if (state === null || (entries.length === 0 && state.epoch !== epoch)) return null
      const isComplete = isSamePosition(end(), after) && end().text === after.text
      if (isComplete) entries.push(...added.map((entry) => ({ epoch, ...entry })))
      mayCrash()
      return { end: end(), isComplete }
    },
    async rebuild({ epoch }, oldest) {
      mayCrash()
      entries = []
      state = { epoch, oldest }
      mayCrash()
    },
    async setOldest(oldest) {
      mayCrash()
      state &&= { ...state, oldest }
    },
    readFirst: async () => entries[0]?.sequence ?? null,
    readText: async (sequence) => entries.find((entry) => entry.sequence === sequence)?.text ?? null,
  }
  const reports = new Map<string, Position>()
  const reader = (name: StreamName, batch: number): StreamReader => ({
    async read(positions) {
      mayCrash()
      const { sequence: from } = positions.get(name)!
      const behind = entries.filter(({ sequence }) => sequence > from).slice(0, batch)
      return behind.map(({ epoch, sequence, text }): Delivery => {
        return { stream: name, epoch, sequence, text, event: parseEvent(text) }
      })
    },
    readState: async () => state,
    readText: async (_, sequence) => stream.readText(sequence),
    close: () => undefined,
  })
  return {
    stream,
    reader,
    reports,
    lose(count: number) {
      entries.splice(Math.max(0, entries.length - count))
    },
    wipe() {
      entries = []
      state = null
      reports.clear()
    },
    copy(slot: number) {
      backups[slot] = { entries: [...entries], state, reports: new Map(reports) }
    },
    restore(slot: number) {
      const backup = backups[slot] ?? { entries: [], state: null, reports: [] }
      entries = [...backup.entries]
      state = backup.state
      reports.clear()
      for (const [group, report] of backup.reports) reports.set(group, report)
    },
    oldest: () => state?.oldest ?? 0,
    trim(sequence: number) {
      entries = entries.filter((entry, index) => entry.sequence >= sequence || index === entries.length - 1)
    },
  }
}

type LogCopy = Readonly<{
  outbox: readonly string[]
  entries: readonly LogEntry[]
  all: readonly string[]
  epoch: string
  sealedAtMs: number
  known: ReadonlyMap<string, Position>
}>

/** The outbox and the log of one service. Transactions are whole or not at all. It may become an older copy. */
export function createModelLog(mayCrash: () => void) {
  let outbox: string[] = []
  let entries: LogEntry[] = []
  /** All texts of the present history, whether the log still has them or not. */
  let all: string[] = []
  let epochs = 1
  let epoch = 'e1'
  let seals = 0
  let sealedAtMs = 0
  /** How far groups have reported that they are. */
  let known = new Map<string, Position>()
  /** Events are kept a day at least: in the model, those since a restore. */
  let recentFrom = Number.POSITIVE_INFINITY
  const backups: LogCopy[] = []

  const headNow = () => ({ epoch, sequence: all.length, sealedAtMs })
  const log: EventLog = {
    async seal() {
      mayCrash()
      const [sequence, before] = [all.length, sealedAtMs]
      const texts = outbox.slice(0, 3)
      outbox = outbox.slice(3)
      const sealed = texts.map((text, index) => ({ sequence: sequence + 1 + index, text }))
      entries = [...entries, ...sealed]
      all = [...all, ...texts]
      if (texts.length > 0) sealedAtMs = ++seals
      mayCrash()
      return { before, head: headNow(), entries: sealed, more: outbox.length > 0 }
    },
    readHead: async () => headNow(),
    async read(from) {
      mayCrash()
      return entries.filter((entry) => entry.sequence >= from).slice(0, 4)
    },
    readOldest: async () => entries[0]?.sequence ?? all.length + 1,
    findSealedSince: async () => all.length + 1,
    async startEpoch(ended) {
      mayCrash()
      if (epoch === ended) epoch = `e${++epochs}`
      return headNow()
    },
    async remove({ sequence: upTo }) {
      // The newest one stays.
      entries = entries.filter((entry, index) => entry.sequence > upTo || index === entries.length - 1)
    },
  }
  return {
    log,
    commit: (text: string) => outbox.push(text),
    history: (): readonly string[] => all,
    storeReports(reports: ReadonlyMap<string, Position>) {
      known = new Map([...known, ...reports])
    },
    /** The sequence up to which events may be forgotten: all groups have applied them; 0 where one never reported. */
    appliedBy: (groups: readonly string[]) =>
      Math.min(
        recentFrom - 1,
        ...groups.map((group) => (known.get(group)?.epoch === epoch ? known.get(group)!.sequence : 0)),
      ),
    copy(slot: number) {
      backups[slot] = { outbox: [...outbox], entries, all, epoch, sealedAtMs, known }
    },
    /** False where there is no copy. */
    restore(slot: number) {
      const backup = backups[slot]
      if (backup === undefined) return false
      epoch = backup.epoch
      sealedAtMs = backup.sealedAtMs
      known = new Map(backup.known)
      recentFrom = Math.min(recentFrom, backup.all.length + 1)
      outbox = [...backup.outbox]
      entries = [...backup.entries]
      all = [...backup.all]
      return true
    },
  }
}

export type ModelGroup = ReturnType<typeof createModelGroup>

/** The database of one group: what it applied, how far it is, what waits, and its dead letters. */
export function createModelGroup(mayCrash: () => void, cannotApply: (event: DomainEvent) => boolean) {
  const positions = new Map<StreamName, Position>()
  const applied: string[] = []
  const deadLetters: string[] = []
  const waiting = new Map<string, WaitingEvent>()

  const check = (events: readonly DomainEvent[]) => {
    for (const event of events) if (cannotApply(event)) throw new Error(`${event.id} cannot be applied`)
  }
  const store: GroupStore = {
    load: async (streams) => new Map(streams.map((stream) => [stream, positions.get(stream) ?? START])),
    async commit({ steps, events, setAside }: Commit) {
      mayCrash()
      for (const { stream, from } of steps) {
        if (!isSamePosition(positions.get(stream) ?? START, from)) throw new PositionMovedError()
      }
      check(events)
      for (const { stream, to } of steps) positions.set(stream, to)
      applied.push(...events.map(({ id }) => id))
      for (const { delivery } of setAside) {
        const { stream, epoch, sequence, event, text } = delivery
        const id = `${stream} ${epoch} ${sequence}`
        if (event) waiting.set(id, { id, stream, sequence, event, attempts: 1 })
        else deadLetters.push(text)
      }
      mayCrash()
    },
    async findWaiting() {
      return [...waiting.values()].map(({ id, event }) => ({
        ...{ id, entity: entityOf(event), nextAttemptAt: new Date(0) },
      }))
    },
    readWaiting: async (id) => waiting.get(id) ?? null,
    async applyWaiting({ id, event }) {
      mayCrash()
      check([event])
      const isApplied = waiting.delete(id)
      if (isApplied) applied.push(event.id)
      mayCrash()
      return isApplied
    },
    async noteFailure({ id, event }, { attempts, nextAttemptAt }) {
      const found = waiting.get(id)
      if (found === undefined) return false
      if (nextAttemptAt !== null) waiting.set(id, { ...found, attempts })
      else if (waiting.delete(id)) deadLetters.push(event.id)
      return true
    },
  }
  return { store, applied, deadLetters, positionOf: (stream: StreamName) => positions.get(stream) ?? START }
}
