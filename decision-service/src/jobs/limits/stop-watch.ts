import type { Logger } from '@redress/shared/process/logger.ts'
import { startRepeating } from '@redress/shared/process/repeat.ts'
import type { ProviderSwitches } from './ports.ts'
import { type ProviderTarget, stoppersOf } from './providers.ts'

/** A stop, and its end, reaches every process within this while MongoDB answers. */
const POLL_MS = 1_000
/** Known stops are valid for this long: a shorter time than `announce` stops calls for. */
const VALID_MS = 15_000

/** `unknown`: the stops could not be read lately. */
export type CallState = 'allowed' | 'stopped' | 'unknown'
export type StopWatch = Readonly<{ stateOf: (target: ProviderTarget) => CallState; stop: () => Promise<void> }>

type Options = Readonly<{
  readStopped: ProviderSwitches['stopped']
  logger: Logger
  pollMs?: number
  monotonicMs?: () => number
}>

/**
 * Knows which calls are stopped, from MongoDB, so that a Redis that lost everything resumes none of them.
 * @throws where the stops cannot be read at all.
 */
export async function startStopWatch(options: Options): Promise<StopWatch> {
  const { readStopped, logger, pollMs = POLL_MS, monotonicMs = () => performance.now() } = options
  let stopped: ReadonlySet<ProviderTarget> = new Set()
  let readAtMs = 0

  const read = async () => {
    // Of before the question, not of the answer: a stop may have been stored in between.
    const askedAtMs = monotonicMs()
    stopped = new Set((await readStopped()).map(({ target }) => target))
    readAtMs = askedAtMs
  }
  await read()
  const polling = startRepeating({
    run: read,
    everyMs: pollMs,
    giveUpMs: 0,
    onError: (err) => logger.warn({ err }, 'stopped providers not read'),
  })
  return {
    stateOf(target) {
      if (monotonicMs() - readAtMs > VALID_MS) return 'unknown'
      return stoppersOf(target).some((one) => stopped.has(one)) ? 'stopped' : 'allowed'
    },
    stop: polling.stop,
  }
}
