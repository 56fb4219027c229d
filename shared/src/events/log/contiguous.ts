import type { StreamName } from '../envelope.ts'
import type { Position } from './log-entry.ts'
import type { Delivery } from './stream-reader.ts'

export type Contiguous = Readonly<{
  deliveries: readonly Delivery[]
  /** Streams on which the next entry is not there: it was removed, or is about to be published again. */
  gaps: readonly StreamName[]
}>

/** The deliveries that follow their position without a gap; what is behind a gap is left for later. */
export function takeContiguous(
  deliveries: readonly Delivery[],
  positions: ReadonlyMap<StreamName, Position>,
): Contiguous {
  const ends = new Map(positions)
  const gaps = new Set<StreamName>()
  const taken = deliveries.filter(({ stream, epoch, sequence }) => {
    if (gaps.has(stream)) return false
    const end = ends.get(stream)
    if (end === undefined) return false
    const follows = end.epoch === epoch && sequence === end.sequence + 1
    if (follows) ends.set(stream, { epoch, sequence })
    else gaps.add(stream)
    return follows
  })
  return { deliveries: taken, gaps: [...gaps] }
}
