import { within } from '@redress/shared/resilience/deadline.ts'
import { JobTimedOutError } from './job-failure.ts'

/** Without a reason, each abort creates a DOMException with its stack: a twentieth of the CPU time of a decision. */
const OVER = 'The attempt is over.'

/** How one attempt is stopped. */
export type Stop = Readonly<{
  /**
   * Aborted by `cancel` and `end`, and when the worker stops. Created when it is first asked for: with its listener it
   * takes as long as the rest of a short attempt.
   */
  signal: AbortSignal
  isAborted(): boolean
  /** Whether it was aborted because its worker stops, and not because its job was cancelled or its time is over. */
  isWorkerStopping(): boolean
  cancel(): void
  end(): void
}>

/** Not by `AbortSignal.any`, which would keep a reference to each attempt at a signal that lives as long as the worker. */
export function createStop(stopping: AbortSignal): Stop {
  let state: 'runs' | 'cancelled' | 'over' = 'runs'
  let controller: AbortController | undefined
  const abort = () => controller?.abort(state === 'over' ? OVER : undefined)
  const isAborted = () => state !== 'runs' || stopping.aborted
  const create = () => {
    controller = new AbortController()
    if (isAborted()) abort()
    else stopping.addEventListener('abort', abort, { once: true })
    return controller.signal
  }
  const leave = (as: 'cancelled' | 'over') => {
    if (state === 'runs') state = as
    if (controller === undefined) return
    abort()
    stopping.removeEventListener('abort', abort)
  }
  return {
    get signal() {
      return controller?.signal ?? create()
    },
    isAborted,
    isWorkerStopping: () => state === 'runs' && stopping.aborted,
    cancel: () => leave('cancelled'),
    end: () => leave('over'),
  }
}

/** Runs an attempt with a deadline, or with none. At the deadline and at the end it is stopped. @throws JobTimedOutError */
export async function runLimited<T>(run: () => Promise<T>, timeoutMs: number | null, stop: Stop): Promise<T> {
  try {
    return await (timeoutMs === null ? run() : within(timeoutMs, run(), () => new JobTimedOutError(timeoutMs)))
  } finally {
    stop.end()
  }
}
