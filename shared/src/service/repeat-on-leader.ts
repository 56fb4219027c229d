import { joinElection } from '../events/leadership.ts'
import { withSignal } from '../resilience/deadline.ts'
import type { Service } from './open-service.ts'
import { repeatUntilClosed } from './repeat-until-closed.ts'

type Options = Readonly<{
  /** The name of the election: one leader each among all processes. */
  election: string
  everyMs: number
  run: (signal: AbortSignal) => Promise<unknown>
  /** After this the signal of a round is aborted, it has failed, and the next one begins. */
  deadlineMs: number
  /** Logged with the error of a round that failed; the next one runs all the same. */
  onFailure: string
}>

/** Repeats `run` on one process at a time, until the service is closed. */
export function repeatOnLeader(
  service: Pick<Service, 'redis' | 'logger' | 'resources'>,
  { election, everyMs, run, deadlineMs, onFailure }: Options,
): Readonly<{ isLeader: () => boolean }> {
  const { redis, logger, resources } = service
  const { isLeader, stop } = joinElection(redis, election, logger)
  resources.defer(() => stop())
  repeatUntilClosed(service, { run: () => withSignal(deadlineMs, run), everyMs, mayRun: isLeader, onFailure })
  return { isLeader }
}
