import type { JobHandler } from '../../../jobs/frame/job-handler.ts'
import type { JobData } from '../../../jobs/frame/registry.ts'
import type { RunBacktest } from './run-backtest.ts'

/** Runs a backtest. A worker that stops does not wait for its end: it goes back into the queue and begins anew. */
export function createBacktestHandler({ run, giveUp, noteHeld }: RunBacktest): JobHandler<JobData<'backtest-policy'>> {
  return {
    run: async ({ backtestId }, { stop }) =>
      (await run(backtestId, () => !stop.isAborted())) === 'ended' ? 'done' : 'again',
    giveUp: (_, end, { jobId }) => giveUp(jobId, end),
    noteHeld: ({ backtestId }) => noteHeld(backtestId),
  }
}
