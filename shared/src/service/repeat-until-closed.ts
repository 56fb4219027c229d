import { startRepeating } from '../process/repeat.ts'
import type { Service } from './open-service.ts'

type Options = Readonly<{
  run: () => Promise<unknown>
  everyMs: number
  /** Whether this process is the one to run, where only a leader may. */
  mayRun?: () => boolean
  /** Logged with the error of a round that failed; the next one runs all the same. */
  onFailure: string
}>

/** Repeats `run` until the service is closed, one round at a time. Closing waits for the current round, but not for long. */
export function repeatUntilClosed(
  { logger, resources }: Pick<Service, 'logger' | 'resources'>,
  { onFailure, ...options }: Options,
): void {
  const repeating = startRepeating({ ...options, onError: (err) => logger.warn({ err }, onFailure) })
  resources.defer(() => repeating.stop())
}
