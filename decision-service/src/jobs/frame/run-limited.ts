import { within } from '@redress/shared/resilience/deadline.ts'
import { JobTimedOutError } from './job-failure.ts'

/** Without a reason, each abort creates a DOMException with its stack: a twentieth of the CPU time of a decision. */
const OVER = 'The attempt is over.'

/**
 * Runs an attempt with a deadline. Its signal is aborted at the deadline, when `stopping` is, and at the end. Not by
 * `AbortSignal.any`, which would keep a reference to each attempt at a signal that lives as long as the worker.
 * @throws JobTimedOutError
 */
export async function runLimited<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (stopping.aborted) abort()
  stopping.addEventListener('abort', abort, { once: true })
  try {
    return await within(timeoutMs, run(controller.signal), () => new JobTimedOutError(timeoutMs))
  } finally {
    stopping.removeEventListener('abort', abort)
    controller.abort(OVER)
  }
}

/** Whether an attempt was aborted because its worker stops, and not because its time is over. */
export function isWorkerStopping(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason !== OVER
}
