import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { connectTestRedis, openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { MongoServerSelectionError } from 'mongodb'
import { expect, it, onTestFinished } from 'vitest'
import type { DecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import { openDecisionQueue, startDecisionWorker } from './jobs.ts'
import { newCase, openService } from './service.ts'

const REDIS = 45
/** Waits of 1, 2, 4 and 8 s, and then of 15 s at most: so many of them are more than 130 s. */
const HOLDS_OF_130_S = 25

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const { accept, collections, decideIssue, jobOf } = await openService({ mongo, db })
const queue = openDecisionQueue({ redis, collections, attempts: 2 })
const raw = new Queue('decisions', { connection: createNodeRedisClient(redis as never) })

it('a database that is away for 130 seconds uses up no attempt, and every issue is decided once it is back', async () => {
  let isAway = true
  const away = () => new StoreUnavailableError({ cause: new MongoServerSelectionError('timed out', {} as never) })
  const orAway =
    <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      isAway ? Promise.reject(away()) : call(...args)
  const hindered: DecideIssue = {
    decide: orAway(decideIssue.decide),
    decideWith: decideIssue.decideWith,
    giveUp: orAway(decideIssue.giveUp),
    noteHeld: orAway(decideIssue.noteHeld),
  }
  const own = await connectTestRedis(REDIS)
  const worker = startDecisionWorker({ redis: own, decideIssue: hindered })
  onTestFinished(async () => {
    await worker.close()
    await Promise.all([queue.close(), raw.close()])
    own.destroy()
  })
  const jobs = await accept(...Array.from({ length: 5 }, () => newCase()))
  await queue.enqueue(jobs)

  const promoteAll = async () => {
    await raw.promoteJobs()
    const found = await Promise.all(jobs.map(({ id }) => raw.getJob(id)))
    return Math.min(...found.map((job) => job?.attemptsStarted ?? 0))
  }
  await expect.poll(promoteAll, { interval: 5 }).toBeGreaterThanOrEqual(HOLDS_OF_130_S)
  isAway = false

  await expect
    .poll(async () => {
      await raw.promoteJobs()
      return await raw.getJobCounts('completed', 'failed')
    })
    .toEqual({ completed: jobs.length, failed: 0 })
  const ended = await Promise.all(jobs.map(async ({ id }) => (await jobOf(id))?.status))
  const attempts = await Promise.all(jobs.map(async ({ id }) => (await raw.getJob(id))?.attemptsMade))
  expect([ended, attempts]).toEqual([jobs.map(() => 'COMPLETED'), jobs.map(() => 1)])
})
