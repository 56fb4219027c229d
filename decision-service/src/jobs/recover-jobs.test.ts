import { expect, it } from 'vitest'
import { createRecoverJobs } from './recover-jobs.ts'

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
