import { readEnvironment } from '@redress/shared/process/config.ts'
import { describe, expect, it } from 'vitest'
import { AiEnvironment, toAiConfig } from './ai-config.ts'

const read = (environment: NodeJS.ProcessEnv) => toAiConfig(readEnvironment(AiEnvironment, environment))
const withKey = { ANTHROPIC_API_KEY: 'sk-ant-1' }
const problems = (list: readonly unknown[]) => expect.objectContaining({ name: 'ConfigError', problems: list })

describe('the configuration of models', () => {
  it('decides by rules where nothing is set, and needs no key for that', () => {
    expect(read({})).toEqual({
      mode: 'rules',
      apiKey: null,
      baseUrl: null,
      model: 'claude-sonnet-5-5',
      effort: 'low',
      prices: { input: 3, output: 15, cacheWrite: 3.75, cacheRead: 0.3 },
      budgetMs: 15_000,
      concurrency: 5,
      perMinute: 30,
      dailyBudgetUsd: 50,
      onFailure: 'fallback',
      holdMaxMs: 600_000,
      breaker: { failuresMax: 5, openMs: 30_000 },
      thresholds: { autoResolve: 90, humanReview: 70 },
    })
  })

  it.for(['ai', 'ensemble'])('is refused in the mode %s without a key, by name', (mode) => {
    const refusal = problems([`ANTHROPIC_API_KEY must be set where the engine is ${mode}`])

    expect(() => read({ DECISION_ENGINE_MODE: mode })).toThrow(refusal)
    expect(() => read({ ENGINE: mode, ANTHROPIC_API_KEY: '' })).toThrow(refusal)
    expect(read({ ENGINE: mode, ...withKey })).toMatchObject({ mode, apiKey: 'sk-ant-1' })
  })

  it('takes the newer name of the mode before the older', () => {
    expect(read({ ENGINE: 'rules', DECISION_ENGINE_MODE: 'ai' }).mode).toBe('rules')
  })

  it.for([
    ['AI_PRICES', '3,15'],
    ['AI_PRICES', '3,15,x,1'],
    ['AI_DAILY_BUDGET_USD', '0'],
    ['AI_ON_FAILURE', 'panic'],
    ['AI_AUTO_RESOLVE_THRESHOLD', '101'],
  ] as const)('refuses %s=%s', ([name, value]) => {
    expect(() => read({ [name]: value })).toThrow(problems([expect.stringMatching(`^${name} must be `)]))
  })

  it('reads prices in the order input, output, cache write, cache read', () => {
    expect(read({ AI_PRICES: '1,5,1.25,0.1' }).prices).toEqual({
      input: 1,
      output: 5,
      cacheWrite: 1.25,
      cacheRead: 0.1,
    })
  })
})
