import type { EventLog } from './event-log.ts'
import type { EventStream } from './event-stream.ts'
import type { Position } from './log-entry.ts'
import type { Publisher } from './publisher.ts'

type Dependencies = Readonly<{
  log: Pick<EventLog, 'readOldest'>
  stream: Pick<EventStream, 'readFirst'>
  publisher: Pick<Publisher, 'rebuildFrom'>
  onGap: (facts: Readonly<{ groups: readonly string[]; from: number }>) => void
}>

/** Fills a stream again for groups whose next entry is not on it any more, where the log still has it. */
export function createServeGaps({ log, stream, publisher, onGap }: Dependencies) {
  return async (reports: ReadonlyMap<string, Position>): Promise<void> => {
    const first = await stream.readFirst()
    if (first === null) return
    const lacking = [...reports].filter(([, { epoch, sequence }]) => epoch !== null && sequence + 1 < first)
    if (lacking.length === 0 || (await log.readOldest()) >= first) return

    const from = Math.min(...lacking.map(([, { sequence }]) => sequence + 1))
    onGap({ groups: lacking.map(([group]) => group), from })
    await publisher.rebuildFrom(from)
  }
}
