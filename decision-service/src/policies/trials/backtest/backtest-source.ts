import { partOf } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import { addedWithin, isOfType, statusesOf } from '../../../jobs/api/job-filter.ts'
import type { JobSource } from '../../../jobs/api/job-views.ts'
import { readFailure } from '../../../jobs/frame/job-failure.ts'
import { JOBS } from '../../../jobs/frame/registry.ts'
import type { JobState, JobView } from '../../../jobs/orders/job-view.ts'
import type { ReadJobs } from '../../../jobs/reports/jobs-report.ts'
import { readDays } from '../../../jobs/reports/read-days.ts'
import type { Range } from '../../../jobs/reports/report-order.ts'
import type { Backtest, BacktestStatus } from './backtest.ts'
import {
  type BacktestCollection,
  type BacktestCollections,
  type BacktestDocument,
  toBacktest,
} from './mongo-backtests.ts'
import type { BacktestStore } from './ports.ts'

const STATE_OF: Readonly<Record<BacktestStatus, JobState>> = {
  PENDING: 'WAITING',
  RUNNING: 'ACTIVE',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
}

const OF_BACKTESTS = { type: 'backtest-policy', queue: 'background' } as const

/** Backtests, as callers see jobs. */
export function createBacktestSource({ find }: Pick<BacktestStore, 'find'>, backtests: BacktestCollection): JobSource {
  return {
    parts(filter) {
      if (!isOfType(filter, OF_BACKTESTS)) return []
      const { actor, state } = filter
      const conditions = {
        createdAt: addedWithin(filter),
        ...(state && { status: { $in: [...statusesOf(filter, STATE_OF)] } }),
        ...(actor != null && { requestedBy: actor }),
      }
      return [partOf({ collection: backtests, filter: conditions, toNode: (found) => toView(toBacktest(found)) })]
    },
    queue: 'background',
    prefix: 'bt_',
    find: async (ids) => (await Promise.all(ids.map(find))).flatMap((found) => (found === null ? [] : toView(found))),
  }
}

/** The backtests of a range, by the index `newest`. */
export const backtestsOf = ({ from, to }: Range): Filter<BacktestDocument> => ({ createdAt: { $gte: from, $lt: to } })

/** Reads backtests for the report of jobs. */
export function createReadBacktestJobs({ backtests }: BacktestCollections): ReadJobs {
  const projection = { status: 1, runs: 1, failure: 1, createdAt: 1, endedAt: 1 } as const
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      const found = backtests.find(backtestsOf(day), { projection, readPreference: 'secondaryPreferred' })
      for await (const { status, runs: attempts, failure, createdAt, endedAt } of found) {
        const times = { createdAt, scheduledFor: null, startedAt: null, endedAt }
        const own = { failure: failure === null ? null : readFailure(failure), attempts, ...times }
        yield { type: 'backtest-policy', state: STATE_OF[status], ...own }
      }
    })
}

function toView({ id, status, progress, skill, from, to, ...backtest }: Backtest): JobView {
  const { runs, result, failure, requestedBy: actor, createdAt, endedAt } = backtest
  const { priority, retry } = JOBS['backtest-policy']
  return {
    ...{ id, ...OF_BACKTESTS, state: STATE_OF[status], priority, actor },
    ...{ data: { skill, from, to }, attempts: runs, maxAttempts: retry.attempts, progress: progress * 100 },
    result: result && { decisions: result.decisions, changed: result.changed },
    failure: failure === null ? null : readFailure(failure),
    ...{ scheduledFor: null, startedAt: null, parentId: null, cancelRequestedAt: null, createdAt, endedAt },
  }
}
