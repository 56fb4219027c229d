import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { succeedsWithin, TimeoutError, within, withSignal } from './deadline.ts'

const never = new Promise<never>(() => {})

describe('a deadline', () => {
  it('passes on an outcome in time', async () => {
    await expect(within(1_000, Promise.resolve('answer'))).resolves.toBe('answer')
    await expect(within(1_000, Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  })

  it('rejects a late outcome, with the error of the caller if given', async () => {
    await expect(within(1, never)).rejects.toThrow(TimeoutError)
    await expect(within(1, never, () => new RangeError('too late'))).rejects.toThrow(RangeError)
  })

  it('accepts an answer that arrived while this process was busy', async () => {
    const answer = pause(5, 'answer')
    const call = within(10, answer)

    const busyUntil = performance.now() + 30
    while (performance.now() < busyUntil);

    await expect(call).resolves.toBe('answer')
  })

  it('aborts a call that takes a signal', async () => {
    const signals: AbortSignal[] = []
    const run = (signal: AbortSignal) => {
      signals.push(signal)
      return never
    }

    await expect(withSignal(1, run)).rejects.toThrow(TimeoutError)

    expect(signals[0]?.aborted).toBe(true)
  })

  it('can be a yes or no', async () => {
    await expect(succeedsWithin(1_000, Promise.resolve())).resolves.toBe(true)
    await expect(succeedsWithin(1_000, Promise.reject(new Error('refused')))).resolves.toBe(false)
    await expect(succeedsWithin(1, never)).resolves.toBe(false)
  })
})
