import { AppError, isFinal } from '@redress/shared/errors.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { TimeoutError, withSignal } from '@redress/shared/resilience/deadline.ts'
import type { TraceStep } from '../../domain/decision.ts'
import type { Wait } from './ports.ts'

/** How long one attempt may take. */
const TOOL_TIMEOUT_MS = 1_000
/** How long to wait before each further attempt. */
const WAIT = { firstMs: 80, maxMs: 200 }
const ATTEMPTS_MAX = 3

export type ToolResult<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; error: string }>

type Call<T> = Readonly<{
  name: string
  attempt: (signal: AbortSignal) => Promise<T>
  /** The output recorded in the trace; must contain nothing personal. */
  toOutput: (value: T) => Readonly<Record<string, unknown>>
  trace: TraceStep[]
}>

type Options = Readonly<{ timeoutMs?: number; wait: Wait; monotonicMs: () => number }>
export type CallTool = <T>(call: Call<T>) => Promise<ToolResult<T>>

/**
 * Calls a tool up to three times, each time with a deadline of its own, and adds a step to the trace for each. What a
 * refusal says is not asked again. Never rejects.
 */
export function createCallTool({ timeoutMs = TOOL_TIMEOUT_MS, wait, monotonicMs }: Options): CallTool {
  return async <T>({ name, attempt, toOutput, trace }: Call<T>): Promise<ToolResult<T>> => {
    for (let number = 1; ; number++) {
      const beganMs = monotonicMs()
      const note = (step: Pick<TraceStep, 'ok' | 'error' | 'output'>) =>
        trace.push({ name, attempt: number, durationMs: monotonicMs() - beganMs, ...step })
      try {
        const value = await withSignal(timeoutMs, attempt)
        note({ ok: true, error: null, output: toOutput(value) })
        return { ok: true, value }
      } catch (thrown) {
        const error = codeOf(thrown)
        note({ ok: false, error, output: null })
        if (isFinal(thrown) || number === ATTEMPTS_MAX) return { ok: false, error }
        await wait(backoffMs(number, WAIT))
      }
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code
  return error instanceof TimeoutError ? 'TOOL_TIMEOUT' : 'TOOL_FAILED'
}
