import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { JobQueue, NewJob } from '../../../jobs/frame/open-queue.ts'
import type { JobData } from '../../../jobs/frame/registry.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestQueue } from './ports.ts'

/** The queue that backtests are run from, first come, first served. The record in MongoDB has the rest. */
export function createBacktestQueue(queue: Pick<JobQueue, 'add' | 'revive'>): BacktestQueue {
  return {
    enqueue: (backtest) => queue.add([toNewJob(backtest)]),
    revive: (backtests) => queue.revive(backtests.map(toNewJob)),
  }
}

function toNewJob({ id, trace }: Backtest): NewJob {
  const data: JobData<'backtest-policy'> = { backtestId: id, ...tracedBy(trace) }
  return { id, type: 'backtest-policy', data }
}
