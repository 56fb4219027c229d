import type { Db } from 'mongodb'
import { DAY_MS } from '../../time.ts'
import type { StreamName } from '../envelope.ts'
import type { EventLog } from './event-log.ts'
import { findApplied } from './group-positions.ts'
import type { LogHead } from './log-entry.ts'

/** Subscribers that come back find the events of this time on a stream that was filled again, but no more than … */
const SUBSCRIBERS_MS = DAY_MS
const SUBSCRIBERS_EVENTS_MAX = 100_000

type Dependencies = Readonly<{ log: Pick<EventLog, 'readOldest' | 'findSealedSince'>; db: Db; stream: StreamName }>

/** Finds the sequence from which a lost stream is filled again: for the group that is furthest behind, and for subscribers. */
export function createRestart({ log, db, stream }: Dependencies) {
  return async (head: LogHead): Promise<number> => {
    const applied = await findApplied(db, stream, head.epoch)
    const since = await log.findSealedSince(new Date(Date.now() - SUBSCRIBERS_MS))
    const forSubscribers = Math.max(since, head.sequence - SUBSCRIBERS_EVENTS_MAX)
    // The last entry at least: an empty stream says nothing of where its log ends.
    return Math.max(Math.min(applied + 1, forSubscribers, head.sequence), await log.readOldest())
  }
}
