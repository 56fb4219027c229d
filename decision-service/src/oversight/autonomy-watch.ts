import type { Logger } from '@redress/shared/process/logger.ts'
import { startRepeating } from '@redress/shared/process/repeat.ts'
import type { Collection } from 'mongodb'
import type { Oversight } from '../decisions/domain/oversight.ts'
import { autonomyIdFor } from './autonomy.ts'
import type { AutonomyDocument } from './mongo-autonomy.ts'

/** A suspension or a restoration reaches every worker within this, while the database answers. */
const POLL_MS = 1_000
const DEADLINE_MS = 5_000
/** The most suspensions read, latest first. Far fewer are expected; more would need an operator anyway. */
const SUSPENDED_MAX = 1_000

type OversightWatch = Readonly<{ oversight: Oversight; stop: () => Promise<void> }>
type Options = Readonly<{
  autonomy: Collection<AutonomyDocument>
  /** 0 to 1. */
  blindShare: number
  logger: Logger
  pollMs?: number
}>

/**
 * Knows at any moment which actions may not go by themselves. While the database is away, what was known last holds:
 * nothing can be decided then anyway.
 * @throws where the suspensions cannot be read at all.
 */
export async function startOversightWatch(options: Options): Promise<OversightWatch> {
  const { autonomy, blindShare, logger, pollMs = POLL_MS } = options
  let suspended = await readSuspended(autonomy)
  const polling = startRepeating({
    async run() {
      suspended = await readSuspended(autonomy)
    },
    everyMs: pollMs,
    giveUpMs: 0,
    onError: (err) => logger.warn({ err }, 'suspended actions not read'),
  })
  return {
    oversight: {
      blindShare,
      isSuspended: ({ digest }, action) => suspended.has(autonomyIdFor(digest, action)),
    },
    stop: polling.stop,
  }
}

async function readSuspended(autonomy: Collection<AutonomyDocument>): Promise<ReadonlySet<string>> {
  const found = await autonomy
    .find({ suspended: true }, { projection: { _id: 1 }, maxTimeMS: DEADLINE_MS })
    .sort({ updatedAt: -1 })
    .limit(SUSPENDED_MAX)
    .toArray()
  return new Set(found.map(({ _id }) => _id))
}
