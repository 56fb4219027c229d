import { StoreUnavailableError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { COLLECTIONS } from '../src/collections.ts'
import { JOBS } from '../src/jobs/frame/registry.ts'
import { createEditSchedules } from '../src/jobs/schedules/edit-schedules.ts'
import type { FindOutcome } from '../src/jobs/schedules/find-outcome.ts'
import { installSchedules, toMaintenanceConfig } from '../src/jobs/schedules/maintenance.ts'
import { createMongoSchedules } from '../src/jobs/schedules/mongo-schedules.ts'
import type { AddJob } from '../src/jobs/schedules/ports.ts'
import { createRunSchedules } from '../src/jobs/schedules/run-schedules.ts'
import type { ScheduleContent } from '../src/jobs/schedules/schedule.ts'
import { createScheduleResolvers } from '../src/jobs/schedules/schedule-resolvers.ts'
import { createTimetables } from '../src/jobs/schedules/timetable.ts'

const { mongo, db } = await openTestDatabase()
const collections = await openCollections(db, COLLECTIONS)
const outbox = createOutbox(db, () => {})
const schedules = createMongoSchedules({ mongo, collections, outbox })
const findTimetable = createTimetables(100)

let clock = new Date('2030-06-15T12:00:30Z')
const now = () => clock
/** The queue: jobs by their keys. */
const jobs = new Map<string, { id: string; actor: string; data: object }>()
let queueIsAway = false
const addJob: AddJob = async ({ data, idempotencyKey }, { cause }) => {
  if (queueIsAway) throw new StoreUnavailableError()
  const job = jobs.get(idempotencyKey) ?? { id: `job-${jobs.size + 1}`, actor: cause.actor, data }
  jobs.set(idempotencyKey, job)
  return { job }
}
const { runDue, addPending } = createRunSchedules({ schedules, addJob, findTimetable, now, onMissed: () => {} })
const nothing = () => {}
const edit = createEditSchedules({
  ...{ schedules, registry: JOBS, findTimetable, addPending, now },
  ...{ onCommit: nothing, onLate: nothing },
})
beforeEach(async () => {
  await Promise.all([collections.schedules.deleteMany({}), collections.outbox.deleteMany({})])
  clock = new Date('2030-06-15T12:00:30Z')
  queueIsAway = false
  jobs.clear()
})

const ADA: Cause = { actor: 'ada', requestId: 'req-1', ip: null, tenant: 'default' }
const by = (reason: string) => ({ reason, cause: ADA })
const contentOf = (name: string, change: Partial<ScheduleContent> = {}): ScheduleContent => ({
  ...{ name, cron: '*/5 * * * *', timeZone: 'UTC', type: 'cleanup-old-data', active: true, catchUp: false },
  data: { dataType: 'analytics', olderThanDays: 90 },
  ...change,
})
const upsert = (content: ScheduleContent, seenVersion: number | null = null) =>
  edit.upsert({ content, seenVersion, ...by('test') })
const eventsAbout = async (name: string) => (await outboxEvents(db)).filter(({ entity }) => entity.id === name)
const find = async (name: string) => (await schedules.all()).find((schedule) => schedule.name === name)
const conflict = expect.objectContaining({ code: 'CONFLICT' })

describe('an edit of a schedule', () => {
  it('is stored with an event of what changed and why; what is the same already stays', async () => {
    const first = await edit.upsert({ content: contentOf('edited'), seenVersion: null, ...by('Call +49 170 1234567') })
    const same = await upsert(contentOf('edited'), 1)
    const next = await upsert(contentOf('edited', { catchUp: true }), 1)

    expect([first.version, same.version, next.version]).toEqual([1, 1, 2])
    expect(first).toMatchObject({ createdBy: 'ada', nextRunAt: new Date('2030-06-15T12:05:00Z') })
    const events = await eventsAbout('edited')
    expect(events).toMatchObject([
      {
        ...{ id: 'schedule-edited-1', type: 'schedule.changed', actor: 'ada', requestId: 'req-1' },
        changes: { reason: { after: 'Call [phone]' }, cron: { before: null, after: '*/5 * * * *' } },
      },
      { id: 'schedule-edited-2', changes: { reason: { after: 'test' }, catchUp: { before: false, after: true } } },
    ])
    expect(Object.keys(events[1]!.changes)).toEqual(['reason', 'catchUp'])
  })

  it('is refused where another one was made since the schedule was read', async () => {
    await upsert(contentOf('stale'))
    await upsert(contentOf('stale', { catchUp: true }), 1)

    await expect(upsert(contentOf('stale'), 1)).rejects.toThrow(conflict)
    await expect(upsert(contentOf('new'), 1)).rejects.toThrow(conflict)
  })

  it('of its times counts from now on; another one leaves a tick that is due', async () => {
    await upsert(contentOf('times'))
    clock = new Date('2030-06-15T12:05:01Z')

    const changed = await upsert(contentOf('times', { data: { dataType: 'analytics', olderThanDays: 30 } }))
    const moved = await upsert(contentOf('times', { cron: '7 * * * *' }))

    expect(changed.nextRunAt).toEqual(new Date('2030-06-15T12:05:00Z'))
    expect(moved.nextRunAt).toEqual(new Date('2030-06-15T12:07:00Z'))
  })

  it('pauses and resumes it: ticks of the pause do not run', async () => {
    await upsert(contentOf('paused', { catchUp: true }))
    await edit.setActive({ name: 'paused', active: false, ...by('holidays') })
    clock = new Date('2030-06-15T12:32:00Z')
    await runDue()
    const resumed = await edit.setActive({ name: 'paused', active: true, ...by('back') })
    await runDue()

    expect(jobs.size).toBe(0)
    expect(resumed).toMatchObject({ version: 3, nextRunAt: new Date('2030-06-15T12:35:00Z'), missed: null })
    expect((await eventsAbout('paused')).map(({ changes }) => changes.active?.after)).toEqual([true, false, true])
  })

  it('beside a run of its leader keeps what both have noted', async () => {
    const seen = await upsert(contentOf('beside'))
    const edited = await upsert(contentOf('beside', { catchUp: true }))

    expect(await schedules.advance(seen, { nextRunAt: null })).toBeNull()
    expect(await find('beside')).toEqual(edited)
  })
})

describe('schedules on several leaders', () => {
  it('add each tick once', async () => {
    await Promise.all(['one', 'two', 'three'].map((name) => upsert(contentOf(name))))
    clock = new Date('2030-06-15T12:05:00Z')

    // Some find that another one was faster.
    await Promise.all(Array.from({ length: 4 }, () => runDue()))
    await runDue()

    expect([...jobs.keys()].sort()).toEqual([
      'schedule one 2030-06-15T12:05:00.000Z',
      'schedule three 2030-06-15T12:05:00.000Z',
      'schedule two 2030-06-15T12:05:00.000Z',
    ])
    expect(await find('one')).toMatchObject({
      nextRunAt: new Date('2030-06-15T12:10:00Z'),
      lastRun: { jobId: expect.stringMatching(/^job-/), requestedBy: null },
    })
  })
})

describe('a run by hand', () => {
  it('adds a job for its caller, also while paused, with an event', async () => {
    await upsert(contentOf('by-hand', { active: false }))

    const schedule = await edit.run({ name: 'by-hand', ...by('disk is full') })

    expect(schedule.lastRun).toMatchObject({ jobId: 'job-1', requestedBy: 'ada', dueAt: clock })
    expect([...jobs.values()]).toMatchObject([{ actor: 'ada', data: { dataType: 'analytics' } }])
    expect((await eventsAbout('by-hand')).at(-1)).toMatchObject({
      type: 'schedule.run_requested',
      changes: { reason: { after: 'disk is full' } },
    })
  })

  it('is added by the leader once the queue is back, and no other one meanwhile', async () => {
    await upsert(contentOf('late'))
    queueIsAway = true
    const requested = await edit.run({ name: 'late', ...by('now') })
    await expect(edit.run({ name: 'late', ...by('again') })).rejects.toThrow(conflict)
    await expect(runDue()).rejects.toThrow(AggregateError)

    queueIsAway = false
    await runDue()

    expect(requested.lastRun?.jobId).toBeNull()
    expect(jobs.size).toBe(1)
    expect((await find('late'))?.lastRun?.jobId).toBe('job-1')
  })
})

describe('the schedules of Redress', () => {
  const configured = (enabled: 'true' | 'false') =>
    toMaintenanceConfig({
      MAINTENANCE_ENABLED: enabled,
      MAINTENANCE_ARCHIVE_SCHEDULE: '0 2 * * *',
      MAINTENANCE_ARCHIVE_OLDER_THAN_DAYS: 30,
      MAINTENANCE_ARCHIVE_PURGE_AFTER_DAYS: 730,
    })
  const installed = configured('true')
  const install = (contents = installed) => installSchedules(contents, { schedules, upsert: edit.upsert })

  it('are valid, are installed once, and follow their configuration', async () => {
    await install()
    await install()
    await install(installed.map((content) => ({ ...content, cron: '30 4 * * *' })))

    const common = { cron: '30 4 * * *', version: 2, createdBy: 'redress:schedules' }
    expect(await schedules.all()).toMatchObject([
      { ...common, name: 'archive-issues', data: { olderThanDays: 30, purgeAfterDays: 730 } },
      { ...common, name: 'cleanup-jobs' },
    ])
  })

  it('stay as a person has edited them', async () => {
    await install()
    await edit.setActive({ name: 'cleanup-jobs', active: false, ...by('not here') })

    await install()

    expect((await schedules.all()).find(({ name }) => name === 'cleanup-jobs')).toMatchObject({
      ...{ active: false, version: 2, changedBy: 'ada' },
    })
  })

  it('are not installed where maintenance is off, and are paused until it is on again where they were', async () => {
    const off = configured('false')
    await install(off)
    expect(await schedules.all()).toEqual([])

    await install()
    await install(off)
    expect(await schedules.all()).toMatchObject(Array(2).fill({ active: false, nextRunAt: null }))

    await install()
    expect(await schedules.all()).toMatchObject(Array(2).fill({ active: true, version: 3 }))
  })
})

/** Each job has failed, and was removed. */
const findOutcome: FindOutcome = async () => ({
  ...{ job: null, state: 'FAILED', failure: { code: 'JOB_CRASHED', message: 'It ended.' } },
})

describe('the API of schedules', async () => {
  const subgraph = await serveSubgraph({
    ...{ name: 'decisions', schemaFile: new URL('../schema.graphql', import.meta.url) },
    resolvers: createScheduleResolvers({ schedules, edit, findTimetable, findOutcome, now }),
    createLoaders: () => null,
    ...{ verifyToken, checks: {}, port: 0, host: '127.0.0.1', logger: silent },
  })
  afterAll(subgraph.close)
  const [operator, reader] = await Promise.all(
    (['operator', 'read_only'] as const).map((one) => tokenOf(withRole(one))),
  )
  const askAs = (token: string, query: string, variables: object = {}) => ask(subgraph.url, { query, variables, token })
  const UPSERT =
    'mutation ($input: UpsertScheduleInput!) { upsertSchedule(input: $input) { schedule { name version } } }'
  const input = {
    ...{ name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin', type: 'cleanup-old-data' },
    ...{ data: { dataType: 'analytics', olderThanDays: 90 }, reason: 'test' },
  }

  it('adds, lists, pauses, resumes and runs them', async () => {
    await askAs(operator!, UPSERT, { input })
    const acts = 'pauseSchedule resumeSchedule runSchedule'.split(' ').map(async (act) => {
      const answer = await askAs(
        operator!,
        `mutation { ${act}(name: "nightly", reason: "test") { schedule { name } } }`,
      )
      expect(answer.data[act].schedule.name).toBe('nightly')
    })
    await Promise.all(acts)
    await askAs(operator!, 'mutation { resumeSchedule(name: "nightly", reason: "test") { schedule { name } } }')

    const answer = await askAs(
      reader!,
      '{ schedules { name active catchUp nextRunAt nextRuns(first: 2) lastRun { dueAt requestedBy state failure } missed { count } } }',
    )

    expect(answer.data.schedules).toEqual([
      {
        ...{ name: 'nightly', active: true, catchUp: false, missed: null },
        nextRunAt: '2030-06-16T00:30:00.000Z',
        nextRuns: ['2030-06-16T00:30:00.000Z', '2030-06-17T00:30:00.000Z'],
        lastRun: {
          ...{
            dueAt: '2030-06-15T12:00:30.000Z',
            requestedBy: 'a-operator',
            state: 'FAILED',
            failure: 'JOB_CRASHED: It ended.',
          },
        },
      },
    ])
  })

  it('shows the job of a run to those who may see it', () => {
    const { ScheduleRun } = createScheduleResolvers({ schedules, edit, findTimetable, findOutcome, now })
    const job = { actor: 'redress:schedules' }
    const shown = (['operator', 'service'] as const).map((role) =>
      ScheduleRun.job({ outcome: { job } } as never, null, { principal: withRole(role) } as never),
    )

    expect(shown).toEqual([job, null])
  })

  it('previews an expression', async () => {
    const answer = await askAs(reader!, '{ scheduleTimes(cron: "0 3 1 * *", timeZone: "Europe/Berlin", first: 2) }')

    expect(answer.data.scheduleTimes).toEqual(['2030-07-01T01:00:00.000Z', '2030-08-01T01:00:00.000Z'])
  })

  it.for<[string, object, object]>([
    ['cron', { cron: '0 25 * * *' }, { code: 'BAD_USER_INPUT', argumentPath: ['input', 'cron'] }],
    ['time zone', { timeZone: 'Mars/Olympus' }, { code: 'BAD_USER_INPUT', argumentPath: ['input', 'timeZone'] }],
    ['type', { type: 'unknown' }, { code: 'BAD_USER_INPUT', argumentPath: ['input', 'type'] }],
    [
      'data',
      { data: { dataType: 'all', olderThanDays: 1 } },
      { code: 'BAD_USER_INPUT', argumentPath: ['input', 'data', 'dataType'] },
    ],
  ])('refuses a %s that is wrong, at its place', async ([, change, extensions]) => {
    const { errors } = await askAs(operator!, UPSERT, { input: { ...input, ...change } })

    expect(errors).toMatchObject([{ extensions }])
  })

  it.for([
    ['mutation { runSchedule(name: "none", reason: "x") { schedule { name } } }', 'SCHEDULE_NOT_FOUND'],
    ['mutation { pauseSchedule(name: "none", reason: "x") { schedule { name } } }', 'SCHEDULE_NOT_FOUND'],
    ['{ scheduleTimes(cron: "every day") }', 'BAD_USER_INPUT'],
  ])('answers %s with %s', async ([query, code]) => {
    expect((await askAs(operator!, query!)).errors).toMatchObject([{ extensions: { code } }])
  })

  it('lets readers change nothing', async () => {
    const { errors } = await askAs(reader!, UPSERT, { input })

    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})
