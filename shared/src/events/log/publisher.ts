import type { EventLog } from './event-log.ts'
import type { Appended, EventStream } from './event-stream.ts'
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
  /** Begins a new epoch, for a log that was restored from an older copy, and fills the stream again. */
  startEpoch: () => Promise<void>
}>

/**
 * Keeps a stream equal to the end of its log. Each append names the position where the stream must end, so that a
 * stream which lost entries (a cut append-only file, a failover, a restore) is noticed by the next append and gets
 * them back under the same sequences; and two publishers can never write two histories.
 */
export function createPublisher(dependencies: Dependencies): Publisher {
  const { log, stream } = dependencies
  /** The known state of the stream. While it is not complete, it may be that of a log which was restored since. */
  let known: Appended | null = UNKNOWN
  const mend = createMend(dependencies)

  return {
    async startEpoch() {
      known = await mend.startEpoch()
    },
    async publish() {
      for (;;) {
        const { head, entries, more } = await log.seal()
        const before = known ?? UNKNOWN
        const added = follows(entries, before.end, head) ? entries : []
        known = UNKNOWN
        const appended = await stream.append(before.end, head.epoch, added)
        const isCurrent = before.isComplete && added.length === entries.length && isAtEnd(appended, head)
        known = isCurrent ? appended : await mend.toEndWith(head, appended)
        if (!more) return
      }
    },
    async rebuildFrom(sequence) {
      const { head } = await log.seal()
      known = await mend.rebuild(head, Math.max(sequence, await log.readOldest()), 'gap')
    },
  }
}

const UNKNOWN: Appended = { end: START, isComplete: false }

function createMend({ log, stream, findRestart, onRebuild }: Dependencies) {
  const rebuild = async (head: LogHead, from: number, reason: RebuildReason) => {
    onRebuild({ reason, from, to: head.sequence })
    await stream.rebuild(head, await log.readOldest())
    return fill({ log, stream, head, end: START }, from)
  }
  const startEpoch = async () => rebuild(await log.startEpoch(), await log.readOldest(), 'restored')

  /** Seals all that waits first: what was committed before a loss must not look new to readers that begin after it. */
  const rebuildLost = async () => {
    let { head, more } = await log.seal()
    while (more) ({ head, more } = await log.seal())
    return rebuild(head, await findRestart(head), 'lost')
  }

  return {
    rebuild,
    startEpoch,
    /** Mends a stream that does not end with `head`, or may be that of another history. */
    async toEndWith(head: LogHead, found: Appended | null) {
      if (found === null || found.end.epoch === null) return rebuildLost()
      const { end } = found
      if (end.epoch !== head.epoch) return rebuild(head, await log.readOldest(), 'restored')
      if (await isForeign({ log, stream }, end.sequence)) return startEpoch()
      const oldest = await log.readOldest()
      if (end.sequence + 1 < oldest) return rebuild(head, oldest, 'gap')
      return fill({ log, stream, head, end }, end.sequence + 1)
    },
  }
}

type Filling = Pick<Dependencies, 'log' | 'stream'> & Readonly<{ head: LogHead; end: Position }>

/** Appends entries of the log from the sequence `from` on, until the stream ends with `head`; the next round goes on where it does not. */
async function fill({ log, stream, head, end: begin }: Filling, from: number): Promise<Appended | null> {
  let end: Position = begin
  for (let next = from; next <= head.sequence; ) {
    const entries = await log.read(next)
    const last = entries.at(-1)
    if (last === undefined) return { end, isComplete: false }
    const appended = await stream.append(end, head.epoch, entries)
    if (!appended?.isComplete) return appended
    end = appended.end
    next = last.sequence + 1
  }
  return { end, isComplete: true }
}

/**
 * Whether the log has another event than the stream at a sequence, or does not reach it: then the log is an older copy of
 * the one that was published. A stream that has no entry there any more was lost meanwhile: the next append notices that.
 */
async function isForeign({ log, stream }: Pick<Dependencies, 'log' | 'stream'>, sequence: number): Promise<boolean> {
  const [entry] = await log.read(sequence)
  if (entry === undefined) return true
  const text = await stream.readText(sequence)
  return entry.sequence === sequence && text !== null && entry.text !== text
}

/** Whether the first of the entries comes directly after a position, in the same epoch or as the first of all. */
function follows([first]: readonly LogEntry[], { epoch, sequence }: Position, head: LogHead): boolean {
  return first?.sequence === sequence + 1 && (epoch === head.epoch || (epoch === null && sequence === 0))
}

/** An empty log has an empty stream. */
function isAtEnd(appended: Appended | null, head: LogHead): boolean {
  if (appended === null || !appended.isComplete) return false
  return isSamePosition(appended.end, head) || (head.sequence === 0 && appended.end.epoch === null)
}
