import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { createRecoverAll, createRecoverJobs, type OfAge } from './recover-jobs.ts'

it('finds a job that was lost behind a thousand that only wait for a model', async () => {
  const overdue = Array.from({ length: 1_200 }, (_, index) => ({ id: `job-${index}` }))
  const revived: string[] = []
  const recoverJobs = createRecoverJobs<{ id: string }>('decide', {
    findOverdue: async ({ after, limit }) => {
      const from = after === null ? 0 : overdue.indexOf(after) + 1
      return overdue.slice(from, from + limit)
    },
    async revive(jobs) {
      revived.push(...jobs.map(({ id }) => id))
      return jobs.length
    },
    now: () => new Date('2030-06-15T12:00:00Z'),
  })

  const count = await recoverJobs()

  expect(count).toBe(1_200)
  expect(revived.at(-1)).toBe('job-1199')
})

it('looks a job up less and less often that only waits, and at once when it is asked for all', async () => {
  const clock = { ms: Date.parse('2030-06-15T12:00:00Z') }
  let lookedUp = 0
  const recoverJobs = createRecoverJobs<{ id: string }>('decide', {
    findOverdue: async () => [{ id: 'job-1' }],
    async revive(jobs) {
      lookedUp += jobs.length
      return 0
    },
    now: () => new Date(clock.ms),
  })

  // Ten minutes, a round every ten seconds.
  for (let round = 0; round < 60; round++) {
    await recoverJobs()
    clock.ms += 10_000
  }

  expect(lookedUp).toBeGreaterThan(5)
  expect(lookedUp).toBeLessThan(16)
  const before = lookedUp
  await recoverJobs()
  await recoverJobs()
  await recoverJobs({ overdueMs: 0 })
  await recoverJobs({ overdueMs: 0 })
  expect(lookedUp - before).toBeGreaterThanOrEqual(2)
})

it('looks all open jobs up once Redis was away, again where that failed, and then the overdue ones', async () => {
  const redis = new EventEmitter()
  const asked: (OfAge | undefined)[] = []
  let fails = false
  const recoverAll = createRecoverAll({
    redis,
    recoverEach: [
      async (ofAge) => {
        asked.push(ofAge)
        if (fails) throw new Error('The database is away.')
        return 1
      },
    ],
  })

  await recoverAll()
  redis.emit('ready')
  fails = true
  await expect(recoverAll()).rejects.toThrow('away')
  fails = false
  await recoverAll()
  await recoverAll()

  expect(asked).toEqual([undefined, { overdueMs: 0 }, { overdueMs: 0 }, undefined])
})
