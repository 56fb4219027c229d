import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { JobQueue, NewJob } from '../../../jobs/frame/open-queue.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestQueue } from './ports.ts'

/** The queue that backtests are run from, first come, first served. The record in MongoDB has the rest. */
export function createBacktestQueue(queue: Pick<JobQueue<'backtest'>, 'add' | 'revive'>): BacktestQueue {
  return {
    enqueue: (backtest) => queue.add([toNewJob(backtest)]),
    revive: (backtests) => queue.revive(backtests.map(toNewJob)),
  }
}

function toNewJob({ id, trace }: Backtest): NewJob<'backtest'> {
  return { type: 'backtest', data: { backtestId: id, ...tracedBy(trace) } }
}
