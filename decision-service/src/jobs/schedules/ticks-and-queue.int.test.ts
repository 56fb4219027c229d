import { createOutbox } from '@redress/shared/events/outbox.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { type COUNTING, openJobBed } from '../../../test/job-bed.ts'
import { createJobViews } from '../api/job-views.ts'
import { createAddJobs } from '../orders/add-jobs.ts'
import { createFindOutcome } from './find-outcome.ts'
import { createMongoSchedules } from './mongo-schedules.ts'
import type { AddJob } from './ports.ts'
import { createRunSchedules } from './run-schedules.ts'
import type { Schedule } from './schedule.ts'
import { createTimetables } from './timetable.ts'

const bed = await openJobBed(28)
const { mongo, db, collections, queues } = bed
const schedules = createMongoSchedules({ mongo, collections, outbox: createOutbox(db, () => {}) })
const findOutcome = createFindOutcome({ ...bed, views: createJobViews({ records: bed.records, queues, sources: [] }) })
const findTimetable = createTimetables(10)
const SYSTEM = { cause: { actor: 'redress:schedules', requestId: null }, caller: null } as const
const START = new Date('2030-06-15T12:00:30Z')

async function store(name: string, type: keyof typeof COUNTING): Promise<void> {
  const schedule: Schedule = {
    ...{ name, type, cron: '*/5 * * * *', timeZone: 'UTC', data: { key: name }, active: true, catchUp: false },
    ...{ nextRunAt: new Date('2030-06-15T12:05:00Z'), handledUntil: null, lastRun: null, missed: null, version: 1 },
    ...{ createdBy: 'ada', createdAt: START, changedBy: 'ada', changedAt: START, revision: 1 },
  }
  await schedules.transact((transaction) => transaction.put(schedule))
}

/** A leader at the first tick. */
const leaderWith = (addJob: AddJob) =>
  createRunSchedules({
    ...{ schedules, addJob, findTimetable, onMissed: () => {} },
    now: () => new Date('2030-06-15T12:05:01Z'),
  })
const runOf = async (name: string) => (await schedules.all()).find((one) => one.name === name)?.lastRun

it.for(['count-critical', 'count-important', 'count-ephemeral'] as const)(
  'a tick runs once, though its leader died after the job of the type %s was added, which has ended since',
  async (type) => {
    await store(type, type)
    const ran: string[] = []
    await bed.work(async ({ key }) => {
      ran.push(key)
      return null
    })
    const dying = leaderWith(async (order, asking) => {
      await bed.addJob(order, asking)
      throw new Error('killed')
    })

    await expect(dying.runDue()).rejects.toThrow(AggregateError)
    await expect.poll(() => ran).toEqual([type])
    await expect.poll(() => queues.background.use((queue) => queue.getJobCountByTypes('active', 'wait'))).toBe(0)
    await leaderWith(bed.addJob).runDue()

    const { jobId } = (await runOf(type))!
    expect(await findOutcome(jobId!)).toMatchObject({ state: 'COMPLETED', failure: null })
    // A second job of the tick would run before one that is added now.
    await bed.addJob({ type, data: { key: 'last' }, idempotencyKey: `last-${type}` }, SYSTEM)
    await expect.poll(() => ran).toEqual([type, 'last'])
    await collections.schedules.deleteMany({})
  },
)

it('a tick runs, though its leader died after it had claimed the key of the job, and before the job was queued', async () => {
  await store('half-added', 'count-important')
  const before = await collections.idempotencyKeys.countDocuments()
  const silentQueue = { ...queues.communication, add: () => new Promise<never>(() => {}) }
  const half = createAddJobs({
    ...{ ...bed, queues: { ...queues, communication: silentQueue }, onChange: () => {}, logger: silent },
    now: () => new Date(),
  })
  void leaderWith(half.addJob).runDue()
  await expect.poll(() => collections.idempotencyKeys.countDocuments()).toBe(before + 1)

  const ran: string[] = []
  await bed.work(async ({ key }) => {
    ran.push(key)
    return null
  })
  await leaderWith(bed.addJob).runDue()

  await expect.poll(() => ran).toEqual(['half-added'])
})
