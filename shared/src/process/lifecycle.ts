import { flushCompileCache } from 'node:module'
import { AppError } from '../errors.ts'
import { ConfigError, EX_CONFIG } from './config-error.ts'
import type { Logger } from './logger.ts'
import { releaseStartupMemory } from './startup-memory.ts'

/** The message of a supervised process to its supervisor when it is ready. */
export type ReadyMessage = Readonly<{ ready: true; url: string }>

/**
 * Reports to the supervisor, if any, that this process serves at `url`, writes what was compiled to the cache (Node does so
 * only at a regular end, and the next start would take twice as long after a kill), and releases the memory of the start.
 */
export function announceReady(url: string): void {
  process.send?.({ ready: true, url } satisfies ReadyMessage)
  flushCompileCache()
  releaseStartupMemory()
}

/** Ends the process without a stack for an expected failure, such as a port in use. Any other error is thrown. */
export function endWithOneLine(error: unknown): never {
  if (!(error instanceof AppError || error instanceof ConfigError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1)
}

/**
 * Resolves with the reason to stop: a signal, or the end of the supervisor.
 * A second signal while stopping ends the process at once.
 */
export function untilStopped(): Promise<NodeJS.Signals | 'SUPERVISOR_GONE'> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (reason: NodeJS.Signals | 'SUPERVISOR_GONE') => {
      if (stopping && reason !== 'SUPERVISOR_GONE') process.exit(1)
      stopping = true
      resolve(reason)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    if (process.channel) {
      process.once('disconnect', () => stop('SUPERVISOR_GONE'))
      process.channel.unref()
    }
  })
}

/**
 * Ends the process at once, because of a problem that only a new process is free of: its supervisor starts it again.
 * Nothing is closed, since what is broken might never close.
 */
export function endToStartAgain(logger: Logger, err: unknown, problem: string): never {
  logger.fatal({ err }, `${problem}; ending to be started again`)
  process.exit(1)
}

/** Ends the process after `ms` even if something does not close. Call it when stopping begins. */
export function exitAfter(ms: number): void {
  setTimeout(() => process.exit(1), ms).unref()
}

const LEFT_OPEN_MS = 500

/**
 * Ends the process soon, as ended in order, although a client has left something open: a driver whose server ends while it
 * connects keeps a socket that it has forgotten. Call it when everything is closed.
 */
export function endAfterClosing(): void {
  setTimeout(() => process.exit(), LEFT_OPEN_MS).unref()
}
