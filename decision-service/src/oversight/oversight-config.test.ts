import { readEnvironment } from '@redress/shared/process/config.ts'
import { type } from 'arktype'
import { describe, expect, it } from 'vitest'
import { OversightEnvironment, toOversightConfig } from './oversight-config.ts'

const read = (environment: NodeJS.ProcessEnv) =>
  toOversightConfig(readEnvironment(type({ '+': 'delete' }).merge(OversightEnvironment), environment))

describe('the configuration of oversight', () => {
  it('samples nothing and judges by 50 reviews by default', () => {
    expect(read({})).toEqual({ blindShare: 0, autonomy: { reviews: 50, floor: 0.9 } })
  })

  it('is read from the environment', () => {
    expect(read({ BLIND_REVIEW_SHARE: '0.05', AUTONOMY_REVIEWS: '30', AUTONOMY_FLOOR: '0.95' })).toEqual({
      blindShare: 0.05,
      autonomy: { reviews: 30, floor: 0.95 },
    })
  })

  it.for([{ BLIND_REVIEW_SHARE: '2' }, { AUTONOMY_REVIEWS: '0' }, { AUTONOMY_FLOOR: '90' }])(
    'is refused with %j',
    (environment) => {
      expect(() => read(environment)).toThrow()
    },
  )
})
