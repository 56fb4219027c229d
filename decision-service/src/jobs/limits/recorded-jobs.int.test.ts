import { beforeEach, expect, it } from 'vitest'
import { ADA, COUNTING, openJobBed } from '../../../test/job-bed.ts'
import { ProviderRateLimitedError } from './errors.ts'
import { createProviderGate } from './provider-gate.ts'

const bed = await openJobBed(62, {
  ...COUNTING,
  'count-critical': { ...COUNTING['count-critical'], provider: 'stripe:refunds' },
})
beforeEach(() => bed.redis.flushDb())

it('a recorded job that its provider refused as one call too many has used no attempt, and runs later', async () => {
  const attempts: number[] = []
  const outcomes: unknown[] = []
  const gate = createProviderGate({
    acquire: async () => ({ release: async (outcome) => void outcomes.push(outcome) }),
  })
  await bed.work(
    async (_, { attempt }) => {
      if (attempts.push(attempt) < 4) throw new ProviderRateLimitedError('stripe')
      return null
    },
    { gate },
  )

  const { job } = await bed.addJob({ type: 'count-critical', data: { key: 'a' } }, ADA)

  const status = async () => {
    await bed.promote()
    return bed.statusOf(job.id)
  }
  await expect.poll(status).toBe('COMPLETED')
  // The fourth would have been one too many: the type has three.
  expect(attempts).toEqual([1, 1, 1, 1])
  await expect.poll(() => outcomes).toEqual([...Array(3).fill({ rateLimitedMs: 0 }), 'ok'])
})
