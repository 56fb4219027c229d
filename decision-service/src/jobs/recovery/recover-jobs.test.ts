import { expect, it } from 'vitest'
import { JOBS } from '../frame/registry.ts'
import { createRecoverJobs, type FindOverdue } from './recover-jobs.ts'

it('finds a job that was lost behind a thousand that only wait for a model', async () => {
  const overdue = Array.from({ length: 1_200 }, (_, index) => ({ id: `job-${index}` }))
  const revived: string[] = []
  const recoverJobs = createRecoverJobs<{ id: string }>(JOBS['decide-issue'], {
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

/** Jobs as the database gives them: `count` of them, numbered, from `after` on. */
const findAmong =
  (count: number): FindOverdue<{ id: string }> =>
  async ({ after, limit }) => {
    const from = after === null ? 0 : Number(after.id) + 1
    return Array.from({ length: Math.min(limit, count - from) }, (_, index) => ({ id: String(from + index) }))
  }
const now = () => new Date('2030-06-15T12:00:00Z')

it('continues in the next round where one finds more jobs than it may', async () => {
  const revived = new Set<string>()
  const revive = async (jobs: readonly { id: string }[]) => {
    for (const { id } of jobs) revived.add(id)
    return jobs.length
  }
  const recoverJobs = createRecoverJobs(JOBS['decide-issue'], { findOverdue: findAmong(10_500), revive, now })

  const counts = [await recoverJobs(), await recoverJobs(), await recoverJobs()]

  expect([counts, revived.size]).toEqual([[10_000, 500, 0], 10_500])
})

it('finds all that a Redis has lost in one round', async () => {
  let revived = 0
  const revive = async (jobs: readonly unknown[]) => {
    revived += jobs.length
    return jobs.length
  }
  const recoverJobs = createRecoverJobs(JOBS['decide-issue'], { findOverdue: findAmong(10_500), revive, now })

  await recoverJobs({ all: true })

  expect(revived).toBe(10_500)
})

it('recovers the most urgent first, whenever they were recorded', async () => {
  const revived: string[] = []
  const revive = async (jobs: readonly { id: string }[]) => revived.push(...jobs.map(({ id }) => id))
  const urgencyOf = ({ id }: { id: string }) => (id === '1199' ? 10 : 5)
  const recoverJobs = createRecoverJobs(JOBS['decide-issue'], { findOverdue: findAmong(1_200), urgencyOf, revive, now })

  await recoverJobs()

  expect(revived.slice(0, 3)).toEqual(['1199', '0', '1'])
})

it('ends at its next step once it has run out of time', async () => {
  const running = new AbortController()
  let revived = 0
  const revive = async (jobs: readonly unknown[]) => {
    running.abort(new Error('out of time'))
    revived += jobs.length
    return jobs.length
  }
  const recoverJobs = createRecoverJobs(JOBS['decide-issue'], { findOverdue: findAmong(1_200), revive, now })

  await expect(recoverJobs({ signal: running.signal })).rejects.toThrow('out of time')

  expect(revived).toBe(500)
})

it('looks a job up less and less often that only waits, and at once when it is asked for all', async () => {
  const clock = { ms: Date.parse('2030-06-15T12:00:00Z') }
  let lookedUp = 0
  const recoverJobs = createRecoverJobs<{ id: string }>(JOBS['decide-issue'], {
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
  await recoverJobs({ all: true })
  await recoverJobs({ all: true })
  expect(lookedUp - before).toBeGreaterThanOrEqual(2)
})
