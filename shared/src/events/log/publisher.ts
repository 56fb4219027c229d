import type { EventLog } from './event-log.ts'
import { type Appended, EMPTY, type EventStream, type StreamEnd } from './event-stream.ts'
import type { LogHead, SealedHead } from './log-entry.ts'

/** `first`: nothing was ever published, as at the first start of a service. */
export type RebuildReason = 'first' | 'lost' | 'gap' | 'restored'

type Dependencies = Readonly<{
  log: Pick<EventLog, 'seal' | 'readHead' | 'read' | 'readOldest' | 'startEpoch'>
  stream: Pick<EventStream, 'append' | 'rebuild' | 'setOldest'>
  /** The sequence from which a stream that was lost is filled again. */
  findRestart: (head: LogHead) => Promise<number>
  onRebuild: (facts: Readonly<{ reason: RebuildReason; from: number; to: number }>) => void
}>

export type Publisher = Readonly<{
  /** One round: seals what was committed, and brings the stream to the end of the log. */
  publish: () => Promise<void>
  /** Fills the stream again from `sequence` on, for a reader that lacks what is no longer on it. */
  rebuildFrom: (sequence: number) => Promise<void>
  /** Ends an epoch whose log was restored from an older copy: begins a new one, and fills the stream again. */
  startEpoch: (ended: string) => Promise<void>
}>

/**
 * Keeps a stream equal to the end of its log. Each append names the entry with which the stream must end, so that a
 * stream which lost entries (a cut append-only file, a failover, a restore) is noticed by the next append and gets
 * them back under the same sequences; and two publishers can never write two histories. Equal last entries have equal
 * entries before them: no event is sealed twice in one history, and what is restored with a log keeps its order.
 *
 * Three things are impossible in principle. Events whose only copy was in the lost part of a database do not come back.
 * A log that was restored while Redis was lost goes on in its old epoch until a group, or a copy of Redis, comes back that
 * knows the lost part; a new epoch begins then, and each group applies again what the log still has. And a group that has
 * read nothing yet begins with the oldest entry that Redis names, also where Redis is an older copy at that moment.
 */
export function createPublisher(dependencies: Dependencies): Publisher {
  const { log, stream } = dependencies
  let known: Known = null
  const mend = createMend(dependencies)

  return {
    async startEpoch(ended) {
      known = await mend.startEpoch(ended)
    },
    async publish() {
      for (;;) {
        const { before, head, entries, more } = await log.seal()
        const end = endAt({ epoch: head.epoch, sealedAtMs: before }, known)
        const isFirst = head.sequence === entries.length
        known = null
        const appended = await stream.append(end ?? EMPTY, head.epoch, end ? entries : [])
        known = end && appended?.isComplete ? { head, end: appended.end } : await mend.toEnd(appended, isFirst)
        if (!more) return
      }
    },
    async rebuildFrom(sequence) {
      const { head } = await log.seal()
      known = await mend.rebuild(head, Math.max(sequence, await log.readOldest()), 'gap')
    },
  }
}

/** A stream that ended with the last entry of its log, and the log's head at that time. */
type Known = Readonly<{ head: SealedHead; end: StreamEnd }> | null

/** The end of a stream, where the log is still the one that was published; null where that is not known. */
function endAt({ epoch, sealedAtMs }: Pick<SealedHead, 'epoch' | 'sealedAtMs'>, known: Known): StreamEnd | null {
  const isSame = known?.head.epoch === epoch && known.head.sealedAtMs === sealedAtMs
  return isSame ? known.end : null
}

function createMend({ log, stream, findRestart, onRebuild }: Dependencies) {
  const rebuild = async (head: SealedHead, from: number, reason: RebuildReason) => {
    onRebuild({ reason, from, to: head.sequence })
    await stream.rebuild(head, await log.readOldest())
    return fill({ log, stream, head, end: EMPTY }, from)
  }
  const startEpoch = async (ended: string) => rebuild(await log.startEpoch(ended), await log.readOldest(), 'restored')

  /** Seals all that waits first: what was committed before a loss must not look new to readers that begin after it. */
  const rebuildLost = async (isFirst: boolean) => {
    let { head, more } = await log.seal()
    while (more) ({ head, more } = await log.seal())
    return rebuild(head, await findRestart(head), isFirst ? 'first' : 'lost')
  }

  return {
    rebuild,
    startEpoch,
    /** Mends a stream that does not end with the last entry of its log, or may be that of another history. */
    async toEnd(found: Appended | null, isFirst: boolean): Promise<Known> {
      if (found === null || found.end.epoch === null) return rebuildLost(isFirst)
      const { end } = found
      // Read after the end of the stream was found: another leader may have gone on meanwhile, or begun an epoch.
      const head = await log.readHead()
      if (end.epoch !== head.epoch) return rebuild(head, await log.readOldest(), 'restored')
      const [own] = await log.read(end.sequence)
      // The log does not reach the end of the stream, or has another event there: one of them is an older copy.
      if (own === undefined || (own.sequence === end.sequence && own.text !== end.text)) return startEpoch(head.epoch)
      const oldest = await log.readOldest()
      if (end.sequence < oldest) return rebuild(head, oldest, 'gap')
      // An older copy of the stream has an older note of it.
      await stream.setOldest(oldest)
      return fill({ log, stream, head, end }, end.sequence + 1)
    },
  }
}

type Filling = Pick<Dependencies, 'log' | 'stream'> & Readonly<{ head: SealedHead; end: StreamEnd }>

/** Appends entries of the log from the sequence `from` on, until the stream ends with `head`; the next round goes on where it does not. */
async function fill({ log, stream, head, end: begin }: Filling, from: number): Promise<Known> {
  let end = begin
  for (let next = from; next <= head.sequence; ) {
    const entries = await log.read(next)
    const last = entries.at(-1)
    if (last === undefined) return null
    const appended = await stream.append(end, head.epoch, entries)
    if (!appended?.isComplete) return null
    end = appended.end
    next = last.sequence + 1
  }
  return end.sequence === head.sequence ? { head, end } : null
}
