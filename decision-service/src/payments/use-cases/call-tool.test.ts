import { BadUserInputError } from '@redress/shared/errors.ts'
import { describe, expect, it } from 'vitest'
import type { TraceStep } from '../../domain/decision.ts'
import { createCallTool } from './call-tool.ts'

/** Calls a tool that gives the outcomes one after the other. */
async function callWith(outcomes: readonly (() => Promise<number>)[]) {
  const trace: TraceStep[] = []
  const waits: number[] = []
  const callTool = createCallTool({ timeoutMs: 20, wait: async (ms) => waits.push(ms), monotonicMs: () => 0 })
  let calls = 0
  const attempt = () => outcomes[calls++]!()
  const result = await callTool({ name: 'ask', attempt, toOutput: (value) => ({ value }), trace })
  return { result, waits, steps: trace.map(({ attempt, ok, error, output }) => ({ attempt, ok, error, output })) }
}

const answers = async () => 7
const fails = () => Promise.reject(new Error('secret of the house'))
const hangs = () => new Promise<number>(() => {})
const refuses = () => Promise.reject(new BadUserInputError(['x'], 'is wrong'))

describe('a tool', () => {
  it('that answers is asked once', async () => {
    const { result, waits, steps } = await callWith([answers])

    expect(result).toEqual({ ok: true, value: 7 })
    expect(steps).toEqual([{ attempt: 1, ok: true, error: null, output: { value: 7 } }])
    expect(waits).toEqual([])
  })

  it('that fails and hangs is asked again after a short wait, each attempt a step of the trace', async () => {
    const { result, waits, steps } = await callWith([fails, hangs, answers])

    expect(result).toEqual({ ok: true, value: 7 })
    expect(steps).toEqual([
      { attempt: 1, ok: false, error: 'TOOL_FAILED', output: null },
      { attempt: 2, ok: false, error: 'TOOL_TIMEOUT', output: null },
      { attempt: 3, ok: true, error: null, output: { value: 7 } },
    ])
    expect(waits).toHaveLength(2)
    expect(waits.every((ms) => ms >= 40 && ms <= 200)).toBe(true)
  })

  it('is asked three times at most', async () => {
    const { result, steps } = await callWith([fails, fails, fails, answers])

    expect(result).toEqual({ ok: false, error: 'TOOL_FAILED' })
    expect(steps).toHaveLength(3)
  })

  it('that refuses is not asked again', async () => {
    const { result, steps } = await callWith([refuses, answers])

    expect(result).toEqual({ ok: false, error: 'BAD_USER_INPUT' })
    expect(steps).toHaveLength(1)
  })
})
