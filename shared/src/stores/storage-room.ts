import type { Db } from 'mongodb'
import type { HealthCheck } from '../process/health.ts'
import type { Logger } from '../process/logger.ts'
import { startRepeating } from '../process/repeat.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createGauges } from '../telemetry/tallies.ts'

const MEASURE_EVERY_MS = 60_000

/** The disk that holds the files of MongoDB, in bytes. */
type Room = Readonly<{ free: number; total: number }>

type Options = Readonly<{
  db: Db
  metrics: Metrics
  logger: Logger
  /** Less than this share of the disk free is too little. 0 to 100. */
  freeMinPercent: number
}>

/**
 * Measures every minute how much room the disk of MongoDB has, because a full disk refuses every write. `hasRoom` is the
 * health check: false while less than `freeMinPercent` is free, which is logged once each time it begins. A server that
 * does not report its disk (some hosted ones) passes the check and has no metric.
 */
export function watchStorageRoom({ db, metrics, logger, freeMinPercent }: Options) {
  const free = createGauges(metrics.registry, {
    ...{ name: 'mongodb_storage_free_bytes', help: 'Free space on the disk of the database', labels: [] },
  })
  let room: Room | null = null
  const isScarce = (measured: Room | null) =>
    measured !== null && measured.free < (measured.total * freeMinPercent) / 100

  const measure = async () => {
    const before = room
    room = await readRoom(db)
    if (room !== null) free().set(room.free)
    if (isScarce(room) && !isScarce(before)) logger.warn({ ...room }, 'the disk of the database is nearly full')
  }
  const onError = (err: unknown) => logger.debug({ err }, 'the disk of the database was not measured')
  const measuring = startRepeating({ run: measure, everyMs: MEASURE_EVERY_MS, onError, giveUpMs: 0 })
  const hasRoom: HealthCheck = async () => {
    if (room === null) await measuring.runNow()
    return !isScarce(room)
  }
  return { hasRoom, measureNow: measuring.runNow, stop: measuring.stop }
}

async function readRoom(db: Db): Promise<Room | null> {
  const { fsTotalSize, fsUsedSize } = await db.command({ dbStats: 1 })
  if (typeof fsTotalSize !== 'number' || typeof fsUsedSize !== 'number' || fsTotalSize === 0) return null
  return { total: fsTotalSize, free: fsTotalSize - fsUsedSize }
}
