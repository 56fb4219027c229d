import type { Db, MongoClient } from 'mongodb'
import type { Logger } from '../../process/logger.ts'
import type { Redis } from '../../stores/redis.ts'
import { DAY_MS, MINUTE_MS } from '../../time.ts'
import type { StreamName } from '../envelope.ts'
import { createReportAbsence } from './absence.ts'
import type { EventLog } from './event-log.ts'
import type { EventStream } from './event-stream.ts'
import { findApplied, registerGroups } from './group-positions.ts'
import { createKeepReports } from './keep-reports.ts'
import type { Publisher } from './publisher.ts'
import { isPassed, readReports } from './reports.ts'
import { createServeGaps } from './serve-gaps.ts'

/** Events stay in the log and on the stream this long after they were published, for subscribers that come back. */
export const KEPT_MS = DAY_MS
const CHECK_MS = 1_000
const REMOVE_EVERY_MS = MINUTE_MS

type Dependencies = Readonly<{
  log: EventLog
  eventStream: EventStream
  publisher: Pick<Publisher, 'rebuildFrom' | 'startEpoch'>
  mongo: MongoClient
  db: Db
  redis: Redis
  stream: StreamName
  /** Time without a report after which an alert names a group. */
  groupGoneAfterMs: number
  logger: Logger
}>

/**
 * Keeps events until every group has applied them, and a day at least. A group that comes back and lacks what is no
 * longer on the stream gets it from the log.
 */
export function createRetention(dependencies: Dependencies) {
  const { log, eventStream, publisher, mongo, db, redis, stream, groupGoneAfterMs, logger } = dependencies
  const serveGaps = createServeGaps({
    log,
    stream: eventStream,
    publisher,
    onGap: (facts) => logger.warn({ stream, ...facts }, 'groups lack events'),
  })
  const keepReports = createKeepReports({ db, monotonicMs: () => performance.now() })
  const reportAbsence = createReportAbsence({ mongo, db, stream, goneAfterMs: groupGoneAfterMs })
  const remove = createRemove(dependencies)
  let checkedAtMs = Number.NEGATIVE_INFINITY
  let removedAtMs = performance.now()

  return {
    /** Called with each round of the relay; does something about once a second. */
    async keep() {
      const atMs = performance.now()
      if (atMs < checkedAtMs + CHECK_MS) return
      checkedAtMs = atMs
      const now = new Date()
      const reports = await readReports(redis, stream)
      // Read after the reports: an event is in the log before any group can report it.
      const head = await log.readHead()
      if (isPassed(head, reports)) return publisher.startEpoch(head.epoch)
      await keepReports(reports, now)
      await serveGaps(reports)
      if (atMs < removedAtMs + REMOVE_EVERY_MS) return
      removedAtMs = atMs
      await registerGroups(db, stream, now)
      await reportAbsence(now)
      await remove(now)
    },
  }
}

/** Removes from the log and the stream what all groups have applied, once it is a day old. */
function createRemove({ log, eventStream, db, stream }: Dependencies) {
  return async (now: Date): Promise<void> => {
    const head = await log.readHead()
    const applied = await findApplied(db, stream, head.epoch)
    const before = new Date(now.getTime() - KEPT_MS)
    await log.remove({ sequence: applied, before })
    await eventStream.setOldest(await log.readOldest())
    await eventStream.trim(Math.min(applied + 1, await log.findSealedSince(before), head.sequence))
  }
}
