import { randomUUID } from 'node:crypto'
import { GATEWAY_PRINCIPAL, type Principal } from '@redress/shared/access/permissions.ts'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { decisionIdFor } from '../src/decisions/domain/job.ts'
import { REPORT_FILTERS } from '../src/decisions/reports/mongo-report-facts.ts'
import { openReports } from '../src/decisions/reports/open-reports.ts'
import { openJobApi } from '../src/jobs/api/open-job-api.ts'
import { createFileLinks } from '../src/jobs/files/file-links.ts'
import { createMongoFiles } from '../src/jobs/files/mongo-files.ts'
import { openFiles } from '../src/jobs/files/open-files.ts'
import { JOBS } from '../src/jobs/frame/registry.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import type { Run } from '../src/jobs/processors/processor.ts'
import { recordsOf } from '../src/jobs/reports/recorded-jobs.ts'
import type { Row } from '../src/jobs/reports/report.ts'
import type { ReportOrder } from '../src/jobs/reports/report-order.ts'
import { checkSchedule } from '../src/jobs/schedules/check-schedule.ts'
import { backtestsOf, createReadBacktestJobs } from '../src/policies/trials/backtest/backtest-source.ts'
import type { BacktestDocument } from '../src/policies/trials/backtest/mongo-backtests.ts'
import { openJobBed } from './job-bed.ts'
import { NOW, newCase, openService, VERDICT } from './service.ts'

const KEY = 'ab'.repeat(32)
const { 'generate-report': GENERATE } = JOBS
const bed = await openJobBed(49, { 'generate-report': GENERATE })
const { mongo, db, collections, queues, work } = bed
const outbox = createOutbox(db, () => {})
const api = openJobApi(
  { ...bed, outbox, logger: silent },
  {
    ...{ registry: bed.registry, onChange: bed.onChange, onQueueAct: async () => {} },
    ...{ sources: [], jobsOfIssue: async () => [], queueViews: createQueueViews(queues) },
  },
)
const subgraph = await serveSubgraph({
  ...{ name: 'decisions', schemaFile: new URL('../schema.graphql', import.meta.url) },
  ...combineParts(api, openFiles({ mongo, collections, outbox }, { views: api.views, downloadKey: KEY })),
  ...{ createLoaders: () => ({}), verifyToken, checks: {}, port: 0, host: '127.0.0.1', logger: silent },
})
afterAll(() => subgraph.close())

let confidence = 91
let clock = NOW
const evaluate = () => ({ ...VERDICT, confidence })
const service = await openService({ mongo, db, evaluate, now: () => clock })
const decide = async (change: Partial<DecisionCase> = {}) => {
  const asked = newCase(change)
  const [job] = await service.accept(asked)
  await service.decideIssue.decide(job!.id)
  return job!
}
const paid = (amount: number, currency = 'EUR') =>
  ({ transaction: { id: 't1', amount: { amount, currency }, status: 'CAPTURED', ageDays: 1 } }) as const
// Of which 1.01 was refunded before: the rest is at stake.
await decide({ transaction: { ...paid(2100).transaction, refunded: 101 } })
await decide(paid(500))
confidence = 75
await decide()
const reviewed = await decide(paid(700, 'USD'))
const reviewing = {
  action: 'DENY_REFUND',
  reviewer: '=ada',
  tenant: 'default',
  requestId: null,
  at: new Date(+NOW + 60_001),
} as const
await service.review({ decisionId: decisionIdFor(reviewed.id), ...reviewing })
const NO_ANSWER = { failure: { code: 'AI_UNAVAILABLE', message: 'The model gave no usable answer.' } } as const
const [lost] = await service.accept(newCase(), newCase(paid(100, 'USD')))
await service.decideIssue.giveUp(lost!.id, NO_ANSWER)
// An issue whose first job failed, and that was retried.
const retried = newCase(paid(300, 'USD'))
const [first] = await service.accept(retried)
await service.decideIssue.giveUp(first!.id, NO_ANSWER)
clock = new Date(+NOW + 1_000)
await service.accept({ ...retried, eventId: `${retried.case.issueId}-2` })
clock = NOW

const asRole = async (role: 'operator' | 'service' | 'read_only' | 'admin', query: string, variables = {}) =>
  ask(subgraph.url, { query, variables, token: await tokenOf(withRole(role)) })
const codesOf = ({ errors }: Awaited<ReturnType<typeof asRole>>) => errors.map(({ extensions }) => extensions.code)
/** As the README has it, with the data as a variable. */
const ADD = `mutation ($data: JSONObject!) { addJob(input: { type: "generate-report", data: $data }) { job { id } } }`
const READ = 'query ($id: ID!) { job(id: $id) { state progress result failure } }'
const LINK = 'mutation ($id: ID!) { createDownload(jobId: $id) { url expiresAt fileName contentType bytes } }'
const linkOf = async (id: string) => (await asRole('operator', LINK, { id })).data.createDownload
const DAYS = { from: '2030-06-15', to: '2030-06-17' }

const make = async (data: object) => {
  const { id } = (await asRole('operator', ADD, { data })).data.addJob.job
  const read = async () => (await asRole('operator', READ, { id })).data.job
  await expect.poll(async () => (await read()).state).toMatch(/COMPLETED|FAILED/)
  return { id: id as string, download: await linkOf(id), ...(await read()) }
}
const get = async (url: string, init: RequestInit = {}, principal: Principal | null = GATEWAY_PRINCIPAL) =>
  fetch(subgraph.url + url, {
    ...init,
    headers: { ...(principal && { authorization: `Bearer ${await tokenOf(principal)}` }), 'x-client-ip': '192.0.2.1' },
  })

const generate = openReports({ mongo, collections }, [createReadBacktestJobs(collections)])
const files = createMongoFiles({ mongo, collections, now: () => new Date() })
const runOf = (change: Partial<Run> = {}): Run => ({
  ...{ jobId: randomUUID(), attempt: 1, actor: 'ada', requestId: null, addedAt: new Date(), trace: null },
  ...{ signal: new AbortController().signal, progress: async () => {} },
  ...change,
})
/** The content of a report that is made without a queue. */
const contentOf = async (order: ReportOrder) => {
  const run = runOf()
  await generate(order, run)
  let content = ''
  for await (const chunk of files.read((await files.find(run.jobId))!)) content += Buffer.from(chunk).toString('latin1')
  return content
}
const rowsOf = async (report: ReportOrder['report'], range = DAYS) =>
  JSON.parse(await contentOf({ report, format: 'json', ...range })).rows

const SCHEDULES = { cause: { actor: 'redress:schedules', requestId: null }, caller: null }
const SCHEDULE = { name: 'a', cron: '5 0 * * *', timeZone: 'UTC', type: 'generate-report', active: true, catchUp: true }

describe('a report', () => {
  it('is ordered, made and given as a file by a link', async () => {
    await work(generate, { names: ['background'] })
    const { state, progress, result, download } = await make({ report: 'issues', format: 'csv', ...DAYS })

    expect({ state, progress }).toEqual({ state: 'COMPLETED', progress: 100 })
    const file = { fileName: 'issues-2030-06-15-to-2030-06-17.csv', bytes: download.bytes }
    const range = { from: '2030-06-15T00:00:00.000Z', to: '2030-06-17T00:00:00.000Z' }
    expect(result).toEqual({ ...file, ...range, expiresAt: expect.any(String) })
    expect(download).toMatchObject({ ...file, contentType: 'text/csv; charset=utf-8' })
    const answer = await get(download.url)
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${file.fileName}"`)
    expect(answer.headers.get('content-length')).toBe(String(file.bytes))
    expect((await answer.text()).split('\r\n')).toEqual([
      'type,outcome,action,currency,issues,amountMinor',
      'REFUND_REQUEST,AUTO_RESOLVED,APPROVE_REFUND,EUR,2,2499',
      'REFUND_REQUEST,AWAITING_REVIEW,,,1,',
      'REFUND_REQUEST,FAILED,,,1,',
      'REFUND_REQUEST,OPEN,,USD,2,400',
      'REFUND_REQUEST,REVIEWED,DENY_REFUND,USD,1,700',
      '',
    ])
  })

  it('of decisions counts agreement by policy version and engine', async () => {
    expect(await rowsOf('decisions')).toEqual([
      {
        ...{ type: 'REFUND_REQUEST', policy: 'refund-policy', policyVersion: '1.0.0', engine: 'RULES' },
        ...{ decisions: 4, autoResolved: 2, humanReview: 2, escalated: 0 },
        ...{ reviewed: 1, agreed: 0, modified: 0, rejected: 1, agreement: 0, fallbackRate: 0, modelCostUsd: 0 },
      },
    ])
  })

  it('of reviewers counts their reviews in the range, and no others', async () => {
    const row = { reviewer: '=ada', reviews: 1, agreed: 0, modified: 0, rejected: 1 }

    expect(await rowsOf('reviewers')).toEqual([{ ...row, averageWaitMs: 60_000, longestWaitMs: 60_000 }])
    expect(await rowsOf('reviewers', { from: '2030-06-13', to: '2030-06-15' })).toEqual([])
  })

  it('of jobs counts those with a record, and decisions, by state and failure', async () => {
    const created = new Date('2030-06-16T00:00:00Z')
    const record = {
      type: 'purge-audit',
      queue: 'background',
      data: '{}',
      priority: 1,
      maxAttempts: 2,
      actor: 'ada',
    } as const
    const times = {
      createdAt: created,
      updatedAt: created,
      startedAt: new Date(+created + 10),
      endedAt: new Date(+created + 30),
    }
    const failure = { code: 'JOB_TIMED_OUT', message: 'ada@example.org' } as const
    await collections.jobRecords.insertMany([
      { _id: 'job_1', ...record, ...times, status: 'COMPLETED', attempts: 2, failure },
      { _id: 'job_2', ...record, ...times, status: 'FAILED', attempts: 2, failure },
    ])

    const ofBacktest = {
      status: 'FAILED',
      runs: 3,
      failure: 'JOB_LOST: It was not found.',
      createdAt: created,
      endedAt: null,
    }
    await collections.backtests.insertOne({ _id: 'bt_1', ...ofBacktest } as unknown as BacktestDocument)

    const rows = await rowsOf('jobs')

    const took = { averageTotalMs: 30, longestTotalMs: 30, averageWaitMs: 10, attempts: 2, jobs: 1 }
    const counts = rows.map(({ type, state, failureCode, jobs }: Row) => [type, state, failureCode, jobs])
    expect(counts.slice(0, 4)).toEqual([
      ['backtest-policy', 'FAILED', 'JOB_LOST', 1],
      ['decide-issue', 'COMPLETED', null, 4],
      ['decide-issue', 'FAILED', 'AI_UNAVAILABLE', 2],
      ['decide-issue', 'WAITING', null, 2],
    ])
    expect(rows.slice(4)).toEqual([
      { type: 'purge-audit', state: 'COMPLETED', failureCode: null, ...took },
      { type: 'purge-audit', state: 'FAILED', failureCode: 'JOB_TIMED_OUT', ...took },
    ])
  })

  it('in CSV holds no formula, whatever its texts are', async () => {
    expect((await contentOf({ report: 'reviewers', format: 'csv', ...DAYS })).split('\r\n')[1]).toMatch(/^'=ada,1/)
  })

  it('in PDF is a document', async () => {
    const content = await contentOf({ report: 'reviewers', format: 'pdf', ...DAYS })

    expect([content.slice(0, 5), content.trimEnd().slice(-5)]).toEqual(['%PDF-', '%%EOF'])
  })

  it('of a schedule has the period before the tick, however late its job is added', async () => {
    const data = { report: 'jobs', format: 'csv', period: 'previous-day' }
    const tick = new Date('2030-06-16T00:05:00Z')
    const order = { type: 'generate-report', data, tick, idempotencyKey: 'tick' }
    const [added, again] = [await bed.addJob(order, SCHEDULES), await bed.addJob(order, SCHEDULES)]
    const run = runOf({ jobId: added.job.id })

    const result = await generate(added.job.data as ReportOrder, run)

    expect(again).toMatchObject({ isNew: false, job: { id: added.job.id } })
    expect(result).toMatchObject({ fileName: 'jobs-2030-06-15-to-2030-06-16.csv' })
    expect(() => checkSchedule({ ...SCHEDULE, data }, JOBS)).not.toThrow()
  })

  it.for<[string, object]>([
    ['report', { report: 'taxes', format: 'csv', ...DAYS }],
    ['format', { report: 'jobs', format: 'xlsx', ...DAYS }],
    ['to', { report: 'jobs', format: 'csv', from: '2030-06-01', to: '2032-01-01' }],
    ['from', { report: 'jobs', format: 'csv' }],
  ])('with a wrong %s is refused there, and nothing is queued', async ([field, data]) => {
    const before = await collections.jobRecords.countDocuments()

    const { errors } = await asRole('operator', ADD, { data })

    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'BAD_USER_INPUT', argumentPath: ['input', 'data', field] },
    ])
    expect(await collections.jobRecords.countDocuments()).toBe(before)
  })

  it('is for operators and admins only', async () => {
    await work(generate, { names: ['background'] })
    const data = { report: 'jobs', format: 'csv', ...DAYS }
    const { id } = await make(data)

    expect(codesOf(await asRole('service', ADD, { data }))).toEqual(['FORBIDDEN'])
    expect(codesOf(await asRole('read_only', ADD, { data }))).toEqual(['FORBIDDEN'])
    expect((await asRole('service', READ, { id })).data.job).toBeNull()
    expect((await asRole('admin', LINK, { id })).data.createDownload.bytes).toBeGreaterThan(0)
    expect(codesOf(await asRole('service', LINK, { id }))).toEqual(['FORBIDDEN'])
    expect(codesOf(await asRole('operator', LINK, { id: 'job_background_none' }))).toEqual(['JOB_NOT_FOUND'])
  })
})

describe('a link to a file', () => {
  it('is used by the gateway alone, with the caller it was given to in the audit log', async () => {
    await work(generate, { names: ['background'] })
    const { id, download } = await make({ report: 'jobs', format: 'csv', ...DAYS })
    const eventsOf = async () => (await outboxEvents(db)).filter(({ entity }) => entity.id === id)

    const head = await get(download.url, { method: 'HEAD' })
    const refused = [await get(download.url, {}, withRole('admin')), await get(download.url, {}, null)]
    const posted = await get(download.url, { method: 'POST' })
    const before = await eventsOf()
    await (await get(download.url)).text()

    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([
      200,
      '',
      String(download.bytes),
    ])
    expect(refused.map(({ status }) => status)).toEqual([403, 401])
    expect(posted.status).toBe(404)
    expect(before).toEqual([])
    const data = { fileName: download.fileName, bytes: download.bytes }
    expect(await eventsOf()).toMatchObject([{ type: 'file.downloaded', actor: 'a-operator', ip: '192.0.2.1', data }])
    const stored = JSON.stringify([await eventsOf(), await collections.jobRecords.findOne({ _id: id })])
    expect(stored).not.toContain(download.url.split('.')[1])
  })

  it('that is forged, or leads to no file, is answered alike', async () => {
    const links = createFileLinks(KEY, () => new Date())
    const past = createFileLinks(KEY, () => new Date(0))
    const grant = { fileId: 'job_background_x', actor: 'ada' }
    const urls = ['/downloads', '/downloads?ticket=x.y', links.sign(grant).url, past.sign(grant).url]

    const answers = await Promise.all(
      urls.map(async (url) => get(url).then(async (it) => [it.status, await it.text()])),
    )

    expect(new Set(answers.map(String)).size).toBe(1)
    expect(answers[0]).toEqual([404, expect.stringContaining('FILE_NOT_FOUND')])
  })
})

describe('an attempt at a report', () => {
  const range = { report: 'issues', format: 'json', from: '2030-06-01', to: '2030-06-30' } as const

  it('reports progress from 0 to 90 before it stores its file', async () => {
    const seen: number[] = []

    await generate(range, runOf({ progress: async (percent) => void seen.push(percent) }))

    expect([seen[0], seen.at(-1), seen.length]).toEqual([0, 90, 30])
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
  })

  it('that is cancelled anywhere stops, and leaves no file', async () => {
    for (const steps of [0, 1, 15, 29]) {
      const cancelled = new AbortController()
      let left = steps
      const progress = async () => {
        if (left-- === 0) cancelled.abort()
        cancelled.signal.throwIfAborted()
      }
      await expect(generate(range, runOf({ jobId: 'job_y', signal: cancelled.signal, progress }))).rejects.toThrow()
    }

    expect(await collections.files.findOne({ _id: 'job_y' })).toBeNull()
  })
})

it('every query of reports has an index', async () => {
  const day = { from: new Date('2030-06-01T00:00:00Z'), to: new Date('2030-06-16T00:00:00Z') }
  const plans = [
    await collections.decisions.find(REPORT_FILTERS.decided(day)).explain(),
    await collections.decisions.find(REPORT_FILTERS.reviewed(day)).explain(),
    await collections.jobs.find(REPORT_FILTERS.asked('FAILED', day)).explain(),
    await collections.jobRecords.find(recordsOf(day)).explain(),
    await collections.backtests.find(backtestsOf(day)).explain(),
  ]

  expect(plans.map(({ queryPlanner }) => queryPlanner.winningPlan.indexName)).toEqual([
    ...['newest', 'latest_reviews', 'by_status', 'newest', 'newest'],
  ])
})
