import type { StreamName } from '@redress/shared/events/envelope.ts'
import { REMEMBERED_IDS_MAX } from '../limits.ts'
import { createRememberedIds, type RememberedIds } from './remembered-ids.ts'
import type { StreamLog } from './stream-log.ts'

/** How far a stream was read. */
export type Place = {
  /** The id of the last entry that was read. */
  position: string
  epoch: string | null
  /** Ids of events that were read, to ignore them if they are published again. */
  seen: RememberedIds
}

/** The number of newest events at the start whose ids are remembered. */
const LOOKED_BACK = 1_000

/** The place at the end of a stream. */
export async function lookAt(log: StreamLog, stream: StreamName): Promise<Place> {
  const [epoch, newest] = await Promise.all([log.readEpoch(stream), log.readBack(stream, LOOKED_BACK)])
  const seen = createRememberedIds(REMEMBERED_IDS_MAX)
  for (const { eventId } of newest) if (eventId !== null) seen.add(eventId)
  return { position: newest[0]?.id ?? '0-0', epoch, seen }
}
