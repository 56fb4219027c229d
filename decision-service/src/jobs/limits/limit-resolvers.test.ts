import { expect, it } from 'vitest'
import { createLimitResolvers } from './limit-resolvers.ts'
import { PROVIDERS } from './providers.ts'

const { ProviderLimit } = createLimitResolvers({ views: {} as never, acts: {} as never })
const limitWith = (waitMs: number | null) => ({
  provider: 'stripe' as const,
  operations: [],
  figures: PROVIDERS.stripe,
  usage: waitMs === null ? null : { concurrent: 0, tokens: 0, lastCallAt: null, waitMs, breakerOpen: false },
  stops: [],
})

it.for([
  [2_500, true, 3],
  [2_000, true, 2],
  [1, true, 1],
  [0, false, 0],
  [null, null, null],
] as const)('a wait of %s ms: limited %s, shown as %s s', ([waitMs, rateLimited, seconds]) => {
  const limit = limitWith(waitMs)

  expect([ProviderLimit.rateLimited(limit), ProviderLimit.waitTimeSeconds(limit)]).toEqual([rateLimited, seconds])
})
