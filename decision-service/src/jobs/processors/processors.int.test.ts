import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { ADA, COUNTING, openJobBed } from '../../../test/job-bed.ts'
import type { Begun } from '../records/job-records.ts'
import { askToStop } from './cancellations.ts'

const bed = await openJobBed(54)
const { addJob, records, redis, statusOf, promote, work } = bed
beforeEach(() => redis.flushDb())

const critical = async (key: string) => (await addJob({ type: 'count-critical', data: { key } }, ADA)).job.id
const ephemeral = async (key: string) => (await addJob({ type: 'count-ephemeral', data: { key } }, ADA)).job.id
const untilStatus = (id: string, status: string) =>
  expect
    .poll(async () => {
      await promote()
      return statusOf(id)
    })
    .toBe(status)
const never = () => new Promise<never>(() => {})
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))

describe('a job with a record', () => {
  it('runs with its data, and keeps progress and result', async () => {
    const seen: unknown[] = []
    await work(async (data, { jobId, attempt, actor, progress }) => {
      seen.push([data, jobId, attempt, actor])
      await progress(40)
      seen.push((await records.find(jobId))?.progress)
      return { done: true }
    })

    const id = await critical('a')

    await untilStatus(id, 'COMPLETED')
    expect(seen).toEqual([[{ key: 'a' }, id, 1, 'ada'], 40])
    expect(await records.find(id)).toMatchObject({ attempts: 1, progress: 100, result: { done: true } })
  })

  it('fails after its attempts with a code and a sentence, and runs again when it is opened again', async () => {
    let runs = 0
    await work(async () => {
      if (++runs <= 3) throw new Error('E11000 at db1.internal')
      return null
    })
    const id = await critical('a')
    await untilStatus(id, 'FAILED')
    expect(await records.find(id)).toMatchObject({
      attempts: 3,
      failure: { code: 'INTERNAL_SERVER_ERROR', message: expect.not.stringContaining('db1') },
    })

    const opened = await records.retry(id, 3, new Date())
    await expect.poll(() => bed.queues.money.use((queue) => queue.getJobState(id))).toBe('failed')
    await bed.queues.money.use((queue) => queue.pause())
    await bed.queues.money.revive([{ id, type: 'count-critical', data: {} }])
    const queued = await bed.queues.money.use((queue) => queue.getJob(id))
    await bed.queues.money.use((queue) => queue.resume())

    expect(queued?.attemptsMade).toBe(0)
    expect(opened).toMatchObject({ status: 'PENDING', attempts: 3, maxAttempts: 6 })
    await untilStatus(id, 'COMPLETED')
    expect(await records.find(id)).toMatchObject({ attempts: 4, failure: null })
  })

  it('keeps the count of its attempts although Redis lost it', async () => {
    const id = await critical('a')
    const failure = { code: 'JOB_TIMED_OUT', message: 'Too slow.' } as const
    for (let attempt = 0; attempt < 2; attempt++) {
      const { holder } = (await records.begin(id, new Date())) as Begun
      await records.handBack(holder, failure, new Date())
    }
    await redis.flushDb()
    let runs = 0

    await work(async () => {
      runs++
      throw new Error('no')
    })
    await bed.queues.money.revive([{ id, type: 'count-critical', data: {} }])

    await untilStatus(id, 'FAILED')
    expect([runs, (await records.find(id))?.attempts]).toEqual([1, 3])
  })

  it('whose attempt takes too long is taken again, and its late end changes nothing', async () => {
    const slow = { ...COUNTING['count-critical'], timeoutMs: 20 }
    const own = await openJobBed(55, { ...COUNTING, 'count-critical': slow })
    const late = Promise.withResolvers<null>()
    let runs = 0
    await own.work(async () => (++runs === 1 ? late.promise : { by: 'second' }))

    const { job } = await own.addJob({ type: 'count-critical', data: { key: 'a' } }, ADA)

    await expect
      .poll(async () => {
        await own.promote()
        return own.statusOf(job.id)
      })
      .toBe('COMPLETED')
    late.resolve(null)
    const record = await own.records.find(job.id)
    expect([record?.result, record!.attempts >= 2]).toEqual([{ by: 'second' }, true])
  })

  it('is not failed by an attempt that another one has replaced', async () => {
    const id = await critical('a')
    const replaced = (await records.begin(id, new Date())) as Begun
    const running = (await records.begin(id, new Date())) as Begun

    const failed = await records.fail(replaced.holder, { code: 'JOB_TIMED_OUT', message: 'Too slow.' }, new Date())
    await records.complete(running.holder, { done: true }, new Date())

    expect([failed, await records.find(id)]).toMatchObject([null, { status: 'COMPLETED', attempts: 1 }])
  })

  it('goes back into the queue when its worker stops, and that is no attempt', async () => {
    const begun = Promise.withResolvers<void>()
    const worker = await work(async (_, { signal }) => {
      begun.resolve()
      return untilAborted(signal)
    })
    const id = await critical('a')
    await begun.promise

    await worker.close()

    expect(await records.find(id)).toMatchObject({ status: 'PENDING', attempts: 0 })
    await work(async () => null)
    await untilStatus(id, 'COMPLETED')
  })

  it('is held while a store is away, and that is no attempt', async () => {
    let runs = 0
    await work(async () => {
      if (++runs <= 4) throw new StoreUnavailableError()
      return null
    })

    const id = await critical('a')

    await untilStatus(id, 'COMPLETED')
    expect([runs, (await records.find(id))?.attempts]).toEqual([5, 1])
  })

  it('that waits is cancelled at once, and does not run', async () => {
    const id = await critical('a')
    await records.cancel({ id, type: 'count-critical' }, { by: 'ada', reason: 'x', at: new Date() })
    let runs = 0

    await work(async () => {
      runs++
      return null
    })

    await expect.poll(() => bed.queues.money.use((queue) => queue.getCompletedCount())).toBe(1)
    expect([runs, await statusOf(id)]).toEqual([0, 'CANCELLED'])
  })

  it('that runs is stopped by its signal when it is cancelled', async () => {
    const begun = Promise.withResolvers<void>()
    await work(async (_, { signal }) => {
      begun.resolve()
      return untilAborted(signal)
    })
    const id = await critical('a')
    await begun.promise

    await records.cancel({ id, type: 'count-critical' }, { by: 'ada', reason: 'x', at: new Date() })
    await askToStop(redis, id)

    await untilStatus(id, 'CANCELLED')
  })

  it('that runs is stopped at its next step when the message to its worker was lost', async () => {
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await work(async (_, { progress }) => {
      begun.resolve()
      await goOn.promise
      await progress(10)
      return never()
    })
    const id = await critical('a')
    await begun.promise

    await records.cancel({ id, type: 'count-critical' }, { by: 'ada', reason: 'x', at: new Date() })
    goOn.resolve()

    await untilStatus(id, 'CANCELLED')
  })

  it('reports each change of its state', async () => {
    bed.changes.length = 0
    await work(async () => null)

    const id = await critical('a')

    const ofIt = () => bed.changes.filter((change) => change.id === id).map(({ status }) => status)
    await expect.poll(() => ofIt().toSorted()).toEqual(['COMPLETED', 'PENDING', 'PROCESSING'])
  })
})

describe('a job without a record', () => {
  it('runs, and leaves nothing in Redis but its key', async () => {
    const seen: unknown[] = []
    await work(async (data, { actor }) => {
      seen.push(data, actor)
      return { done: true }
    })

    const id = await ephemeral('a')

    await expect.poll(() => seen).toEqual([{ key: 'a' }, 'ada'])
    await expect.poll(() => redis.exists(`bull:background:${id}`)).toBe(0)
    expect(await addJob({ type: 'count-ephemeral', data: { key: 'a' } }, ADA)).toMatchObject({
      isNew: false,
      job: { id, state: 'COMPLETED', result: { done: true } },
    })
  })

  it('is kept with its result, where its tier says so', async () => {
    await work(async () => ({ done: true }))

    const { job } = await addJob({ type: 'count-important', data: { key: 'a' } }, ADA)

    const stored = () => bed.queues.communication.use((queue) => queue.getJob(job.id))
    await expect.poll(async () => (await stored())?.returnvalue).toEqual({ done: true })
  })

  it('that runs is stopped by its signal when it is cancelled, and fails with that code', async () => {
    const begun = Promise.withResolvers<void>()
    await work(async (_, { signal }) => {
      begun.resolve()
      return untilAborted(signal)
    })
    const { job } = await addJob({ type: 'count-important', data: { key: 'a' } }, ADA)
    await begun.promise

    await askToStop(redis, job.id)

    const stored = () => bed.queues.communication.use((queue) => queue.getJob(job.id))
    await expect.poll(async () => (await stored())?.failedReason).toContain('JOB_CANCELLED')
  })
})
