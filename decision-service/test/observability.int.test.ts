import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { readMetrics } from '@redress/shared/testing/read-metrics.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { startTraceReceiver } from '@redress/shared/testing/trace-receiver.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createJobMetrics } from '../src/jobs/frame/worker-metrics.ts'
import { exposeQueues } from '../src/jobs/monitoring/queue-metrics.ts'
import { createRecoverDecisions, openDecisionQueue, startDecisionWorker } from './jobs.ts'
import { type Evaluate, NOW, newCase, openService, VERDICT } from './service.ts'

const REDIS = 7
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const asker = `00-${TRACE_ID}-b7ad6b7169203331-01`

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const { accept, collections, eventsOf } = await openService({ mongo, db })
const queue = openDecisionQueue({ redis, collections, attempts: 2 })
afterAll(() => queue.close())
beforeEach(async () => {
  await redis.flushDb()
  await collections.jobs.deleteMany({})
})

type WorkerOptions = Partial<Parameters<typeof startDecisionWorker>[0]>
const startWorker = async (options: WorkerOptions, evaluate: Evaluate = () => VERDICT) => {
  const { decideIssue } = await openService({ mongo, db, evaluate })
  const own = await connectTestRedis(REDIS)
  const worker = startDecisionWorker({ redis: own, decideIssue, concurrency: 5, ...options })
  onTestFinished(async () => {
    await worker.close()
    own.destroy()
  })
}
const openTelemetry = async () => {
  const receiver = await startTraceReceiver()
  onTestFinished(receiver.close)
  const telemetry = await startTelemetry('worker', { endpoint: receiver.url, serviceName: null, logger: silent })
  onTestFinished(telemetry.stop)
  return { telemetry, spans: receiver.spans }
}
const countsNow = async () => (await queue.all())[0]!.counts
const untilEnded = (jobs: number) =>
  expect.poll(async () => (await countsNow()).completed + (await countsNow()).failed).toBe(jobs)

describe('a decision', () => {
  it('is a part of the trace that asked for it, and so are its events', async () => {
    const { telemetry, spans } = await openTelemetry()
    const [job] = await accept({ ...newCase(), trace: asker })

    await queue.enqueue([job!])
    await startWorker({ telemetry })
    await untilEnded(1)
    await telemetry.stop()

    expect(spans).toMatchObject([{ name: 'decide-issue', traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' }])
    expect(spans[0]?.attributes).toEqual({ queue: 'decisions', jobId: job!.id, attempt: 1 })
    const own = `00-${TRACE_ID}-${spans[0]?.spanId}-01`
    expect((await eventsOf(job!.id)).map(({ type, trace }) => [type, trace])).toEqual([
      ['decision.started', own],
      ['decision.made', own],
    ])
  })

  it('stays a part of it when its job was lost with Redis', async () => {
    const { telemetry, spans } = await openTelemetry()
    await accept({ ...newCase(), trace: asker })
    const now = () => new Date(NOW.getTime() + 60_000)

    await createRecoverDecisions({ collections, queue, now })()
    await startWorker({ telemetry })
    await untilEnded(1)
    await telemetry.stop()

    expect(spans).toMatchObject([{ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' }])
  })

  it('that failed says so in the trace, attempt by attempt, and in its last event', async () => {
    const { telemetry, spans } = await openTelemetry()
    const [job] = await accept({ ...newCase(), trace: asker })
    const fail = () => {
      throw new Error('no model')
    }

    await queue.enqueue([job!])
    await startWorker({ telemetry }, fail)
    await untilEnded(1)
    await telemetry.stop()

    expect(spans.map(({ attributes, failure }) => [attributes.attempt, failure !== undefined])).toEqual([
      [1, true],
      [2, true],
    ])
    expect((await eventsOf(job!.id)).at(-1)).toMatchObject({
      type: 'decision.failed',
      trace: `00-${TRACE_ID}-${spans[1]?.spanId}-01`,
    })
  })
})

describe('a worker', () => {
  it('counts the jobs that ended, and how long each attempt took', async () => {
    const metrics = createMetrics({ token: null })
    const [good, bad] = await accept(newCase(), newCase())
    const decide: Evaluate = ({ issueId }) => {
      if (issueId === bad!.case.issueId) throw new Error('no model')
      return VERDICT
    }

    await queue.enqueue([good!, bad!])
    await startWorker({ metricsOf: createJobMetrics(metrics) }, decide)
    await untilEnded(2)

    const labels = 'queue_name="decisions",job_type="decide-issue"'
    expect(await readMetrics(metrics, 'job_results_total')).toEqual([
      `job_results_total{${labels},result="success"} 1`,
      `job_results_total{${labels},result="failure"} 1`,
    ])
    expect(await readMetrics(metrics, 'job_processing_duration_seconds_count')).toEqual([
      `job_processing_duration_seconds_count{${labels}} 3`,
    ])
  })
})

describe('the queues', () => {
  it('report the number of jobs by status, and the age of the oldest', async () => {
    const metrics = createMetrics({ token: null })
    exposeQueues({ metrics, queues: queue, mayReport: () => true })
    const jobs = await accept(newCase(), newCase())
    await queue.enqueue(jobs)
    await collections.jobs.updateOne({ _id: jobs[0]!.id }, { $set: { createdAt: new Date(Date.now() - 90_000) } })

    expect(await readMetrics(metrics, 'queue_depth')).toEqual([
      'queue_depth{queue_name="decisions",status="waiting"} 2',
      'queue_depth{queue_name="decisions",status="active"} 0',
      'queue_depth{queue_name="decisions",status="delayed"} 0',
      'queue_depth{queue_name="decisions",status="completed"} 0',
      'queue_depth{queue_name="decisions",status="failed"} 0',
    ])
    const [oldest] = await readMetrics(metrics, 'oldest_job_age_seconds')
    expect(Number(oldest?.split(' ')[1])).toBeGreaterThanOrEqual(90)
    expect(await readMetrics(metrics, 'failed_jobs_total')).toEqual(['failed_jobs_total{queue_name="decisions"} 0'])
  })

  it('are reported by one process only', async () => {
    const metrics = createMetrics({ token: null })
    exposeQueues({ metrics, queues: queue, mayReport: () => false })

    expect(await readMetrics(metrics, 'queue_depth')).toEqual([])
  })
})
