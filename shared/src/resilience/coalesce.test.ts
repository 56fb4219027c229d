import { setImmediate as endOfTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { StoreUnavailableError } from '../errors.ts'
import { coalesce } from './coalesce.ts'

describe('calls that are coalesced', () => {
  it('share a batch where one turn makes them, and wait for each other where a batch runs', async () => {
    const batches: number[][] = []
    const gate = Promise.withResolvers<void>()
    const double = coalesce<number, number>(async (inputs) => {
      batches.push([...inputs])
      if (batches.length === 1) await gate.promise
      return inputs.map((input) => input * 2)
    })

    const first = [double(1), Promise.resolve().then(() => double(2))]
    await endOfTurn()
    const later = [double(3), double(4)]
    await endOfTurn()
    gate.resolve()

    expect(await Promise.all([...first, ...later])).toEqual([2, 4, 6, 8])
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('fail each for itself', async () => {
    const check = coalesce<number, number>(async (inputs) => inputs.map((n) => (n < 0 ? new RangeError(`${n}`) : n)))

    const outcomes = await Promise.allSettled([check(1), check(-1), check(2)])

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('all fail when their round does, and the next round runs', async () => {
    let rounds = 0
    const flaky = coalesce<number, number>(async (inputs) => {
      rounds++
      if (rounds === 1) throw new Error('away')
      return inputs
    })

    await expect(flaky(1)).rejects.toThrow('away')
    expect(await flaky(2)).toBe(2)
  })

  it('are separated from the ones that fail their round', async () => {
    const batches: number[][] = []
    const check = coalesce<number, number>(async (inputs) => {
      batches.push([...inputs])
      if (inputs.some((input) => input === 3)) throw new RangeError('3')
      return inputs
    })

    const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((input) => check(input)))

    expect(outcomes.map(({ status }) => status)).toEqual(
      [0, 1, 2, 3, 4, 5].map((input) => (input === 3 ? 'rejected' : 'fulfilled')),
    )
    expect(batches).toEqual([[0, 1, 2, 3, 4, 5], [0, 1, 2], [3, 4, 5], [3, 4], [3], [4], [5]])
  })

  it('fail together, and at once, when the store is away', async () => {
    let rounds = 0
    const store = coalesce<number, number>(async (inputs) => {
      if (++rounds === 1) return inputs
      throw new StoreUnavailableError()
    })

    const before = await store(0)
    const outcomes = await Promise.allSettled([1, 2, 3].map((input) => store(input)))

    expect(before).toBe(0)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(rounds).toBe(2)
  })

  it('run alone where asked to, beside a round that hangs', async () => {
    const batches: number[][] = []
    const check = coalesce<number, number>(async (inputs) => {
      batches.push([...inputs])
      return inputs.includes(0) ? new Promise<never>(() => {}) : inputs
    })
    void check(0)
    await endOfTurn()
    void check(1)

    expect(await check(2, { alone: true })).toBe(2)
    expect(batches).toEqual([[0], [2]])
  })

  it('never make a round of more than 200', async () => {
    const sizes: number[] = []
    const count = coalesce<number, number>(async (inputs) => {
      sizes.push(inputs.length)
      return inputs
    })

    await Promise.all(Array.from({ length: 450 }, (_, index) => count(index)))

    expect(sizes).toEqual([200, 200, 50])
  })

  it('of two groups share no round', async () => {
    const batches: string[][] = []
    const collect = coalesce<string, string>(
      async (inputs) => {
        batches.push([...inputs])
        return inputs
      },
      { groupBy: ([group]) => group! },
    )

    const outcomes = await Promise.all(['a1', 'b1', 'a2', 'b2'].map((input) => collect(input)))

    expect(outcomes).toEqual(['a1', 'b1', 'a2', 'b2'])
    expect(batches).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ])
  })
})
