import { readEnvironment } from '@redress/shared/process/config.ts'
import { describe, expect, it } from 'vitest'
import { CASES_MAX } from './ai/answer-shape.ts'
import { BatchingEnvironment, toBatchingConfig } from './batching-config.ts'

const configOf = (environment: NodeJS.ProcessEnv) => toBatchingConfig(readEnvironment(BatchingEnvironment, environment))

describe('cases', () => {
  it('are decided one by one by default', () => {
    expect(configOf({})).toEqual({
      batching: { casesMax: 1, waitMs: 200 },
      backlog: { from: 0, ageMs: 60_000, jobsMax: 1000 },
    })
  })

  it('are never more in one question than it may hold', () => {
    expect(configOf({ AI_BATCH_MAX: String(CASES_MAX) }).batching.casesMax).toBe(CASES_MAX)
    expect(() => configOf({ AI_BATCH_MAX: String(CASES_MAX + 1) })).toThrow('AI_BATCH_MAX must be at most 20')
  })
})
