import { createBreaker } from '@redress/shared/resilience/breaker.ts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGuardedModel, isFaultOfProvider, type ModelCall } from './guarded-model.ts'
import { type ModelAnswer, ModelError, type ModelFailure } from './model.ts'

const USAGE = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.25 }
const ANSWER: ModelAnswer = { text: '{}', usage: USAGE, model: 'm' }
const REQUEST = { system: [], user: '', schema: {}, maxTokens: 1 }
const OPEN_MS = 40

/** A guarded model and what stands around it, as plain values that a test changes. */
const open = ({ failuresMax = 2 } = {}) => {
  const world = {
    exhausted: false,
    room: true,
    failure: null as ModelError | null,
    asked: 0,
    leases: 0,
    spent: [] as number[],
    calls: [] as ModelCall['outcome'][],
  }
  const breaker = createBreaker({ failuresMax, openMs: OPEN_MS, isFailure: isFaultOfProvider, onChange: () => {} })
  onTestFinished(breaker.close)
  const model = createGuardedModel({
    model: {
      async ask() {
        world.asked++
        if (world.failure) throw world.failure
        return ANSWER
      },
    },
    spend: { isExhausted: async () => world.exhausted, add: async (costUsd) => void world.spent.push(costUsd) },
    breaker,
    breakerOpenMs: OPEN_MS,
    limits: {
      async acquire() {
        if (!world.room) return { retryAfterMs: 7_000 }
        world.leases++
        return { release: async () => void world.leases-- }
      },
    },
    onCall: ({ outcome }) => void world.calls.push(outcome),
  })
  const ask = async () => {
    try {
      await model.ask(REQUEST)
      return 'ok'
    } catch (error) {
      return error instanceof ModelError ? error.failure : error
    }
  }
  return { world, model, ask, breaker }
}

describe('a guarded model', () => {
  it('counts what an answer cost, and gives its room back', async () => {
    const { world, ask } = open()

    expect(await ask()).toBe('ok')

    expect(world).toMatchObject({ spent: [0.25], leases: 0, calls: ['ok'] })
  })

  it('counts what a failure cost as well', async () => {
    const { world, ask } = open()
    world.failure = new ModelError('refused', 'no', { usage: USAGE })

    expect(await ask()).toBe('refused')

    expect(world).toMatchObject({ spent: [0.25], leases: 0, calls: ['refused'] })
  })

  it('is not asked without money, and not without room', async () => {
    const { world, model, ask } = open()

    world.exhausted = true
    expect(await ask()).toBe('budget_exhausted')
    world.exhausted = false
    world.room = false
    await expect(model.ask(REQUEST)).rejects.toMatchObject({ failure: 'busy', retryAfterMs: 7_000 })

    expect(world).toMatchObject({ asked: 0, spent: [], calls: ['budget_exhausted', 'busy'] })
  })

  it.for<ModelFailure>([
    'timeout',
    'connection',
    'overloaded',
    'rate_limited',
    'server_error',
    'unauthenticated',
    'malformed',
  ])('is spared after failures by %s, and takes no room then', async (failure) => {
    const { world, model, ask } = open()
    world.failure = new ModelError(failure, failure)

    for (let call = 0; call < 2; call++) await ask()

    await expect(model.ask(REQUEST)).rejects.toMatchObject({ failure: 'breaker_open', retryAfterMs: OPEN_MS })
    expect(world).toMatchObject({ asked: 2, leases: 0 })
  })

  it.for<ModelFailure>(['refused', 'truncated', 'invalid_request'])(
    'is asked on after answers such as %s',
    async (failure) => {
      const { world, ask } = open()
      world.failure = new ModelError(failure, failure)

      for (let call = 0; call < 5; call++) await ask()

      expect(world.asked).toBe(5)
    },
  )

  it('is asked once when it was spared for long enough, and then again if it is back', async () => {
    const { world, ask, breaker } = open({ failuresMax: 1 })
    world.failure = new ModelError('timeout', 'no')
    await ask()
    await expect.poll(breaker.state, { interval: 5 }).toBe('half open')

    world.failure = null
    const outcomes = await Promise.all([ask(), ask()])

    expect(outcomes.sort()).toEqual(['breaker_open', 'ok'])
    expect(await ask()).toBe('ok')
  })

  it('closes the breaker with a refusal, too, which is an answer', async () => {
    const { world, ask, breaker } = open({ failuresMax: 1 })
    world.failure = new ModelError('timeout', 'no')
    await ask()
    await expect.poll(breaker.state, { interval: 5 }).toBe('half open')

    world.failure = new ModelError('refused', 'no')

    expect(await ask()).toBe('refused')
    expect(breaker.state()).toBe('closed')
  })
})
