import { HoldDecisionError } from '../../engines/errors.ts'
import type { JobHandler } from '../../jobs/frame/job-handler.ts'
import type { JobData } from '../../jobs/frame/registry.ts'
import type { DecideIssue } from '../use-cases/decide-issue.ts'

/** Decides the case of a job. A decision that is held for a model comes back later. */
export function createDecideHandler({ decide, giveUp, noteHeld }: DecideIssue): JobHandler<JobData<'decide-issue'>> {
  return {
    async run({ jobId }, { trace, alone, stop }) {
      const { signal } = stop
      try {
        await decide(jobId, { trace, alone, signal })
        return 'done'
      } catch (error) {
        // The worker stops: another one decides. An attempt that ran out of time is not waited for any more.
        if (signal.aborted) return 'again'
        if (!(error instanceof HoldDecisionError)) throw error
        return { kind: 'later', afterMs: error.retryAfterMs, reason: error.failure }
      }
    },
    giveUp: (_, end, { jobId, trace }) => giveUp(jobId, end, trace),
    noteHeld: ({ jobId }) => noteHeld(jobId),
  }
}
