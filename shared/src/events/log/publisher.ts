import type { EventLog } from './event-log.ts'
import type { EventStream } from './event-stream.ts'
import { isSamePosition, type LogEntry, type LogHead, type Position, START } from './log-entry.ts'

export type RebuildReason = 'lost' | 'gap' | 'restored'

type Dependencies = Readonly<{
  log: Pick<EventLog, 'seal' | 'read' | 'readOldest' | 'startEpoch'>
  stream: Pick<EventStream, 'append' | 'rebuild' | 'readText'>
  /** The sequence from which a stream that was lost is filled again. */
  findRestart: (head: LogHead) => Promise<number>
  onRebuild: (facts: Readonly<{ reason: RebuildReason; from: number; to: number }>) => void
}>

export type Publisher = Readonly<{
  /** One round: seals what was committed, and brings the stream to the end of the log. */
  publish: () => Promise<void>
  /** Fills the stream again from `sequence` on, for a reader that lacks what is no longer on it. */
  rebuildFrom: (sequence: number) => Promise<void>
}>

/**
 * Keeps a stream equal to the end of its log. Each append names the position where the stream must end, so that a
 * stream which lost entries (a cut append-only file, a failover, a restore) is noticed by the next append and gets
 * them back under the same sequences; and two publishers can never write two histories.
 */
export function createPublisher({ log, stream, findRestart, onRebuild }: Dependencies): Publisher {
  /** Where the stream ended when it was last seen; null where it was lost. */
  let end: Position | null = START

  const rebuild = async (head: LogHead, from: number, reason: RebuildReason) => {
    onRebuild({ reason, from, to: head.sequence })
    await stream.rebuild(head, await log.readOldest())
    end = await fill({ log, stream, head, end: START }, from)
  }

  /** Mends a stream that does not end with `head`. */
  const mend = async (head: LogHead) => {
    if (end === null || end.epoch === null) return rebuild(head, await findRestart(head), 'lost')
    if (end.epoch !== head.epoch) return rebuild(head, await log.readOldest(), 'restored')
    if (await isForeign({ log, stream }, end.sequence))
      return rebuild(await log.startEpoch(), await log.readOldest(), 'restored')
    const oldest = await log.readOldest()
    if (end.sequence + 1 < oldest) return rebuild(head, oldest, 'gap')
    end = await fill({ log, stream, head, end }, end.sequence + 1)
  }

  return {
    async publish() {
      for (;;) {
        const { head, entries } = await log.seal()
        const before: Position = end ?? START
        const added = follows(entries, before, head) ? entries : []
        end = await stream.append(before, head.epoch, added)
        if (!isAtEnd(end, head) || added.length < entries.length) await mend(head)
        if (entries.length === 0) return
      }
    },
    async rebuildFrom(sequence) {
      const { head } = await log.seal()
      await rebuild(head, Math.max(sequence, await log.readOldest()), 'gap')
    },
  }
}

type Filling = Pick<Dependencies, 'log' | 'stream'> & Readonly<{ head: LogHead; end: Position }>

/**
 * Appends entries of the log from the sequence `from` on, until the stream ends with `head`, or not where it should: the
 * next round goes on then. Gives where it ends.
 */
async function fill({ log, stream, head, end: begin }: Filling, from: number): Promise<Position | null> {
  let end: Position = begin
  for (let next = from; next <= head.sequence; ) {
    const entries = await log.read(next)
    const last = entries.at(-1)
    if (last === undefined) return end
    const found = await stream.append(end, head.epoch, entries)
    if (found === null || !isSamePosition(found, { epoch: head.epoch, sequence: last.sequence })) return found
    end = found
    next = last.sequence + 1
  }
  return end
}

/**
 * Whether the log has another event than the stream at a sequence, or does not reach it: then the log is an older copy of
 * the one that was published.
 */
async function isForeign({ log, stream }: Pick<Dependencies, 'log' | 'stream'>, sequence: number): Promise<boolean> {
  const [entry] = await log.read(sequence)
  if (entry === undefined) return true
  return entry.sequence === sequence && entry.text !== (await stream.readText(sequence))
}

/** Whether the first of the entries comes directly after a position, in the same epoch or as the first of all. */
function follows([first]: readonly LogEntry[], { epoch, sequence }: Position, head: LogHead): boolean {
  return first?.sequence === sequence + 1 && (epoch === head.epoch || (epoch === null && sequence === 0))
}

/** An empty log has an empty stream. */
function isAtEnd(end: Position | null, head: LogHead): boolean {
  if (end === null) return false
  return isSamePosition(end, head) || (head.sequence === 0 && end.epoch === null)
}
