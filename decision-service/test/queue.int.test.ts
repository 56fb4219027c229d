import type { DecisionCase } from '@redress/shared/contracts.ts'
import { connectTestRedis, openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createRecoverDecisions, openDecisionQueue, startDecisionWorker } from './jobs.ts'
import { type Evaluate, NOW, newCase, openService, UNDECIDED, VERDICT } from './service.ts'

const REDIS = 4
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const service = await openService({ mongo, db })
const { accept, collections, eventsOf, jobOf } = service

const queue = openDecisionQueue({ redis, collections, attempts: 5 })
afterAll(() => queue.close())
const inAMinute = () => new Date(NOW.getTime() + 60_000)
const recoverJobs = createRecoverDecisions({ collections, queue, now: inAMinute })

const startWorker = async (evaluate: Evaluate = () => VERDICT, concurrency = 5) => {
  const { decideIssue } = await openService({ mongo, db, evaluate })
  const own = await connectTestRedis(REDIS)
  const worker = startDecisionWorker({ redis: own, decideIssue, concurrency })
  onTestFinished(async () => {
    await worker.close()
    own.destroy()
  })
  return worker
}
const acceptAndQueue = async (...cases: readonly ReturnType<typeof newCase>[]) => {
  const jobs = await accept(...cases)
  await queue.enqueue(jobs)
  return jobs
}
const statusOf = async (id: string) => (await jobOf(id))?.status
const typesOf = async (jobId: string) => (await eventsOf(jobId)).map(({ type }) => type)
const counts = async () => (await queue.all())[0]!.counts
const NONE = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 }

beforeEach(async () => {
  await redis.flushDb()
  await collections.jobs.drop()
  await openService({ mongo, db })
})

describe('a decision worker', () => {
  it('decides what is queued', async () => {
    const jobs = await acceptAndQueue(newCase(), newCase(), newCase())

    await startWorker()

    for (const { id } of jobs) await expect.poll(() => statusOf(id)).toBe('COMPLETED')
    await expect.poll(counts).toEqual({ ...NONE, completed: 3 })
  })

  it('gives a job up after five attempts, and says so once', async () => {
    let attempts = 0
    const [job] = await acceptAndQueue(newCase())

    await startWorker(() => {
      attempts++
      throw new Error('no model')
    })

    await expect.poll(() => statusOf(job!.id)).toBe('FAILED')
    expect(attempts).toBe(5)
    expect(await typesOf(job!.id)).toEqual(['decision.started', 'decision.failed'])
    expect((await eventsOf(job!.id)).at(-1)?.data).toMatchObject({
      reason: 'INTERNAL_SERVER_ERROR: Something went wrong on our side. The log of the worker has the details.',
    })
    await expect.poll(counts).toEqual({ ...NONE, failed: 1 })
  })

  it('decides a job at a later attempt, when what was wrong has passed', async () => {
    let attempts = 0
    const [job] = await acceptAndQueue(newCase())

    await startWorker(() => {
      if (++attempts < 3) throw new Error('not yet')
      return VERDICT
    })

    await expect.poll(() => statusOf(job!.id)).toBe('COMPLETED')
    expect(await typesOf(job!.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('does not retry a job without a stored record, and goes on with the next', async () => {
    const [known] = await accept(newCase())
    await queue.enqueue([{ ...known!, id: 'decide-unknown' }, known!])

    await startWorker()

    await expect.poll(counts).toEqual({ ...NONE, failed: 1, completed: 1 })
    expect(await statusOf(known!.id)).toBe('COMPLETED')
  })

  it('decides a job once that is queued again after it was decided', async () => {
    const [job] = await acceptAndQueue(newCase())
    await startWorker()
    await expect.poll(() => statusOf(job!.id)).toBe('COMPLETED')

    await redis.flushDb()
    await queue.enqueue([job!])

    await expect.poll(counts).toEqual({ ...NONE, completed: 1 })
    expect(await typesOf(job!.id)).toEqual(['decision.started', 'decision.made'])
  })

  it('takes the most urgent job first', async () => {
    const order: string[] = []
    const of = (priority: DecisionCase['priority']) => newCase({ priority })
    await acceptAndQueue(of('LOW'), of('NORMAL'), of('CRITICAL'), of('HIGH'), of('CRITICAL'))

    await startWorker(({ priority }) => {
      order.push(priority)
      return VERDICT
    }, 1)

    await expect.poll(() => order).toEqual(['CRITICAL', 'CRITICAL', 'HIGH', 'NORMAL', 'LOW'])
  })
})

describe('two workers', () => {
  it('share the jobs, each decided once', async () => {
    const jobs = await acceptAndQueue(...Array.from({ length: 40 }, () => newCase()))
    const decided: string[] = []
    const note: Evaluate = ({ issueId }) => {
      decided.push(issueId)
      return VERDICT
    }

    await Promise.all([startWorker(note), startWorker(note)])

    await expect.poll(counts).toEqual({ ...NONE, completed: 40 })
    expect(decided.sort()).toEqual(jobs.map((job) => job.case.issueId).sort())
  })
})

describe('recovery', () => {
  it('requeues stored jobs that were lost with Redis', async () => {
    const [job] = await acceptAndQueue(newCase())
    await redis.flushDb()

    const recovered = await recoverJobs()

    expect(recovered).toBe(1)
    expect(await counts()).toEqual({ ...NONE, waiting: 1 })
    await startWorker()
    await expect.poll(() => statusOf(job!.id)).toBe('COMPLETED')
  })

  it('requeues a job that ended in the queue but is still open in the database', async () => {
    const [job] = await acceptAndQueue(newCase())
    const worker = await startWorker()
    await expect.poll(() => statusOf(job!.id)).toBe('COMPLETED')
    await expect.poll(counts).toEqual({ ...NONE, completed: 1 })
    await worker.close()
    await collections.jobs.updateOne({ _id: job!.id }, { $set: { status: 'PROCESSING' } })

    await recoverJobs()

    expect(await counts()).toEqual({ ...NONE, waiting: 1 })
  })

  it('takes a job out of its delay that a worker with a clock ahead has given it', async () => {
    const [ahead, delayed] = await acceptAndQueue(newCase(), newCase())
    for (const [job, ms] of [
      [ahead, 3_600_000],
      [delayed, 60_000],
    ] as const) {
      await redis.zRem('bull:decisions:prioritized', job!.id)
      await redis.zAdd('bull:decisions:delayed', { score: (Date.now() + ms) * 0x1000, value: job!.id })
    }

    const recovered = await recoverJobs()

    expect([recovered, await counts()]).toEqual([1, { ...NONE, waiting: 1, delayed: 1 }])
  })

  it('ignores jobs that are queued or have ended', async () => {
    const [waiting, ended] = await acceptAndQueue(newCase(), newCase())
    await service.decideIssue.giveUp(ended!.id, UNDECIDED)

    const recovered = await recoverJobs()

    expect([recovered, await counts(), await statusOf(waiting!.id)]).toEqual([0, { ...NONE, waiting: 2 }, 'PENDING'])
  })

  it('gives a job its time before it looks after it', async () => {
    await accept(newCase())
    const soon = createRecoverDecisions({ collections, queue, now: () => NOW })

    expect(await soon()).toBe(0)
  })
})

describe('the view of the queue', () => {
  it('counts waiting jobs, and reports the age of the oldest', async () => {
    await acceptAndQueue(newCase(), newCase())

    const [view] = await queue.all()

    expect(view).toMatchObject({ name: 'decisions', tier: 'CRITICAL', paused: false, counts: { ...NONE, waiting: 2 } })
    expect(await queue.find('decisions')).toMatchObject({ counts: { waiting: 2 } })
    expect(view!.oldestWaitingSeconds).toBeGreaterThanOrEqual(0)
  })

  it('has no oldest job where none waits, and knows no other queue', async () => {
    expect(await queue.all()).toMatchObject([{ counts: NONE, oldestWaitingSeconds: null }])
    expect(await queue.find('other')).toBeNull()
  })

  it('is the same however often a job is queued', async () => {
    const [job] = await acceptAndQueue(newCase())

    await queue.enqueue([job!, job!])

    expect(await counts()).toEqual({ ...NONE, waiting: 1 })
  })
})
