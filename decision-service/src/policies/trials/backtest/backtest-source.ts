import type { JobSource } from '../../../jobs/api/job-views.ts'
import { readFailure } from '../../../jobs/frame/job-failure.ts'
import { JOBS } from '../../../jobs/frame/registry.ts'
import type { JobState, JobView } from '../../../jobs/orders/job-view.ts'
import type { Backtest, BacktestStatus } from './backtest.ts'
import type { BacktestStore } from './ports.ts'

const STATE_OF: Readonly<Record<BacktestStatus, JobState>> = {
  PENDING: 'WAITING',
  RUNNING: 'ACTIVE',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
}

/** Backtests, as callers see jobs. */
export function createBacktestSource({ find }: Pick<BacktestStore, 'find'>): JobSource {
  return {
    queue: 'background',
    prefix: 'bt_',
    find: async (ids) => (await Promise.all(ids.map(find))).flatMap((found) => (found === null ? [] : toView(found))),
  }
}

function toView({ id, status, progress, skill, from, to, ...backtest }: Backtest): JobView {
  const { runs, result, failure, requestedBy: actor, createdAt, endedAt } = backtest
  const { priority, retry } = JOBS['backtest-policy']
  return {
    ...{ id, type: 'backtest-policy', queue: 'background', state: STATE_OF[status], priority, actor },
    ...{ data: { skill, from, to }, attempts: runs, maxAttempts: retry.attempts, progress: progress * 100 },
    result: result && { decisions: result.decisions, changed: result.changed },
    failure: failure === null ? null : readFailure(failure),
    ...{ scheduledFor: null, startedAt: null, parentId: null, cancelRequestedAt: null, createdAt, endedAt },
  }
}
