import type { DomainEvent, StreamName } from '../envelope.ts'
import type { EventLog } from './event-log.ts'
import type { EventStream } from './event-stream.ts'
import { type Commit, type GroupStore, PositionMovedError } from './group-store.ts'
import { isSamePosition, type LogEntry, type Position, START } from './log-entry.ts'
import { entityOf, type WaitingEvent } from './set-aside.ts'
import { type Delivery, type StreamReader, toEvent } from './stream-reader.ts'

/** Thrown at a point of the program where a process is killed or a store goes away. */
export class CrashError extends Error {}

type Entry = Readonly<{ epoch: string; sequence: number; text: string }>
type Copy = Readonly<{ entries: readonly Entry[]; state: Readonly<{ epoch: string; oldest: number }> | null }>

/** Redis as far as events are concerned: it may lose what was written last, or everything, or become an older copy. */
export function createModelRedis(mayCrash: () => void) {
  let entries: Entry[] = []
  let state: Copy['state'] = null
  let backup: Copy = { entries: [], state: null }

  const end = (): Position => entries.at(-1) ?? START
  const stream: Pick<EventStream, 'append' | 'rebuild' | 'readFirst' | 'readText'> = {
    async append(after, epoch, added) {
      mayCrash()
      if (state === null) return null
      if (isSamePosition({ ...START, ...pick(end()) }, pick(after))) {
        entries.push(...added.map((entry) => ({ epoch, ...entry })))
      }
      mayCrash()
      return pick(end())
    },
    async rebuild({ epoch }, oldest) {
      mayCrash()
      entries = []
      state = { epoch, oldest }
      mayCrash()
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
        return { stream: name, epoch, sequence, text, event: toEvent(text) }
      })
    },
    readState: async () => state,
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
    copy() {
      backup = { entries: [...entries], state }
    },
    restore() {
      entries = [...backup.entries]
      state = backup.state
    },
    trim(sequence: number) {
      entries = entries.filter((entry, index) => entry.sequence >= sequence || index === entries.length - 1)
    },
  }
}

const pick = ({ epoch, sequence }: Position): Position => ({ epoch, sequence })

/** The outbox and the log of one service. Transactions are whole or not at all. */
export function createModelLog(mayCrash: () => void) {
  const outbox: string[] = []
  let entries: LogEntry[] = []
  let sequence = 0
  let epochs = 1

  const log: EventLog = {
    async seal() {
      mayCrash()
      const sealed = outbox.splice(0, 3).map((text, index) => ({ sequence: sequence + 1 + index, text }))
      entries.push(...sealed)
      sequence += sealed.length
      mayCrash()
      return { head: { epoch: `e${epochs}`, sequence }, entries: sealed }
    },
    async read(from) {
      mayCrash()
      return entries.filter((entry) => entry.sequence >= from).slice(0, 4)
    },
    readOldest: async () => entries[0]?.sequence ?? sequence + 1,
    findSealedSince: async () => sequence + 1,
    async startEpoch() {
      epochs++
      return { epoch: `e${epochs}`, sequence }
    },
    async remove({ sequence: upTo }) {
      entries = entries.filter((entry) => entry.sequence > upTo)
    },
  }
  return { log, commit: (text: string) => outbox.push(text), size: () => sequence + outbox.length }
}

/** The database of one group: what it applied, how far it is, what waits. */
export function createModelGroup(mayCrash: () => void, cannotApply: (event: DomainEvent) => boolean) {
  const positions = new Map<StreamName, Position>()
  const applied: string[] = []
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
      for (const { stream, to } of steps) positions.set(stream, pick(to))
      applied.push(...events.map(({ id }) => id))
      for (const { delivery } of setAside) {
        const { stream, sequence, event } = delivery
        const id = `${stream} ${sequence}`
        if (event) waiting.set(id, { id, stream, sequence, event, attempts: 1 })
      }
      mayCrash()
    },
    async findWaiting() {
      const inOrder = [...waiting.values()].sort((a, b) => a.sequence - b.sequence)
      return inOrder.map(({ id, event }) => ({ id, entity: entityOf(event), nextAttemptAt: new Date(0) }))
    },
    readWaiting: async (id) => waiting.get(id) ?? null,
    async applyWaiting({ id, event }) {
      mayCrash()
      check([event])
      if (waiting.delete(id)) applied.push(event.id)
      mayCrash()
    },
    noteFailure: async () => undefined,
  }
  return { store, applied, positionOf: (stream: StreamName) => positions.get(stream) ?? START }
}
