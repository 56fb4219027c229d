import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { startRepeating } from './repeat.ts'

const noErrors = (error: unknown) => {
  throw error
}

/** Lets a round come due several times that comes due every millisecond: each of these timers ends after one of its. */
async function untilDueAgain(): Promise<void> {
  for (let time = 0; time < 5; time++) await pause(1)
}

/** Work whose rounds end when the test says so. */
function createWork() {
  const rounds: PromiseWithResolvers<void>[] = []
  const run = vi.fn(() => {
    const round = Promise.withResolvers<void>()
    rounds.push(round)
    return round.promise
  })
  return { run, rounds }
}

describe('repeated work', () => {
  it('runs again and again', async () => {
    const run = vi.fn(async () => {})
    const repeating = startRepeating({ run, everyMs: 1, onError: noErrors })

    await expect.poll(() => run.mock.calls.length).toBeGreaterThan(2)

    await repeating.stop()
  })

  it('does not overlap: a round that is due while another runs is skipped', async () => {
    const { run, rounds } = createWork()
    const repeating = startRepeating({ run, everyMs: 1, onError: noErrors })
    await expect.poll(() => rounds.length).toBe(1)

    await untilDueAgain()
    expect(rounds).toHaveLength(1)

    rounds[0]!.resolve()
    await expect.poll(() => rounds.length).toBe(2)
    rounds[1]!.resolve()
    await repeating.stop()
  })

  it('continues after a failed round, and reports the failure', async () => {
    const failure = new Error('away')
    const onError = vi.fn()
    const run = vi.fn().mockRejectedValueOnce(failure).mockResolvedValue(undefined)
    const repeating = startRepeating({ run, everyMs: 1, onError })

    await expect.poll(() => run.mock.calls.length).toBeGreaterThan(1)

    expect(onError.mock.calls).toEqual([[failure]])
    await repeating.stop()
  })

  it('runs only where it may', async () => {
    const run = vi.fn(async () => {})
    const repeating = startRepeating({ run, everyMs: 1, mayRun: () => false, onError: noErrors })

    await untilDueAgain()
    await repeating.runNow()

    expect(run).not.toHaveBeenCalled()
    await repeating.stop()
  })

  it('runs at once on request: after the current round, once for all requests during it', async () => {
    const { run, rounds } = createWork()
    const repeating = startRepeating({ run, everyMs: null, onError: noErrors })

    const asked = [repeating.runNow(), repeating.runNow(), repeating.runNow()]
    rounds[0]!.resolve()
    await expect.poll(() => rounds.length).toBe(2)
    rounds[1]!.resolve()

    await Promise.all(asked)
    expect(run).toHaveBeenCalledTimes(2)
    await repeating.stop()
  })

  it('stops when the current round has ended, and begins no further one', async () => {
    const { run, rounds } = createWork()
    const repeating = startRepeating({ run, everyMs: 1, onError: noErrors })
    await expect.poll(() => rounds.length).toBe(1)
    const asked = repeating.runNow()

    const stopped = repeating.stop()
    rounds[0]!.resolve()
    await Promise.all([stopped, asked])

    await untilDueAgain()
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.for([0, 1])(
    'stops although a store holds up the current round, and reports nothing more (after %i ms)',
    async (giveUpMs) => {
      const { run, rounds } = createWork()
      const onError = vi.fn()
      const repeating = startRepeating({ run, everyMs: 1, onError, giveUpMs })
      await expect.poll(() => rounds.length).toBe(1)

      await repeating.stop()
      rounds[0]!.reject(new Error('away'))

      await untilDueAgain()
      expect([run.mock.calls.length, onError.mock.calls.length]).toEqual([1, 0])
    },
  )
})
