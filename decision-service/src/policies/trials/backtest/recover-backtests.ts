import type { Clock } from '@redress/shared/time.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestQueue } from './ports.ts'

/** Open backtests that nothing was heard of since a moment, the longest silent first. */
export type FindSilent = (options: Readonly<{ since: Date; limit: number }>) => Promise<readonly Backtest[]>

/** A backtest tells every second how far it is; one that waits for others is in the queue, and stays there. */
const SILENT_MS = 60_000
const BATCH = 100

/** Queues what is on record and not in the queue: after Redis was lost, or a crash between the two. */
export function createRecoverBacktests({
  findSilent,
  queue,
  now,
}: {
  findSilent: FindSilent
  queue: Pick<BacktestQueue, 'revive'>
  now: Clock
}) {
  return async (): Promise<number> => {
    const silent = await findSilent({ since: new Date(now().getTime() - SILENT_MS), limit: BATCH })
    return queue.revive(silent)
  }
}
