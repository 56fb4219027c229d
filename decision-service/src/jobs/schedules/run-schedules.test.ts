import { StoreUnavailableError } from '@redress/shared/errors.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AddJob, Schedules } from './ports.ts'
import { createRunSchedules, type RunSchedules } from './run-schedules.ts'
import { type MissedTicks, planStep, type Schedule } from './schedule.ts'
import { createTimetables } from './timetable.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** Within the night in which Berlin repeats an hour. */
const START = new Date('2026-10-24T23:58:30Z')
const findTimetable = createTimetables(10)

function scheduleOf(content: Partial<Schedule> = {}): Schedule {
  const timing = { cron: '*/5 * * * *', timeZone: 'Europe/Berlin', ...content }
  return {
    ...{ name: 'cleanup', type: 'cleanup-old-data', data: {}, active: true, catchUp: false },
    ...{ version: 1, createdBy: 'ada', createdAt: START, changedBy: 'ada', changedAt: START, revision: 1 },
    ...{ nextRunAt: findTimetable(timing).next(START), handledUntil: null, lastRun: null, missed: null },
    ...timing,
    ...content,
  }
}

const noTurns = (): number => 0
class Killed extends Error {}

/** One schedule in memory, with the queue that its jobs go to, and the clock. */
function openWorld(schedule: Schedule) {
  const world = {
    schedule,
    at: START.getTime(),
    jobs: new Map<string, string>(),
    missed: [] as MissedTicks[],
    queueIsAway: false,
  }
  const advance: Schedules['advance'] = async (seen, progress) => {
    if (world.schedule.revision !== seen.revision) return null
    world.schedule = { ...world.schedule, ...progress, revision: seen.revision + 1 }
    return world.schedule
  }
  const addJob: AddJob = async ({ idempotencyKey: key }) => {
    if (world.queueIsAway) throw new StoreUnavailableError()
    if (!world.jobs.has(key)) world.jobs.set(key, `job-${world.jobs.size}`)
    return { job: { id: world.jobs.get(key)! } }
  }

  /** A process. Each of its calls takes some turns, and it is dead from its `callsMax`-th call on, before or after the effect. */
  const openProcess = ({ skewMs = 0, callsMax = Number.POSITIVE_INFINITY, turns = noTurns } = {}): RunSchedules => {
    let calls = 0
    const mortal = async <T>(work: () => Promise<T>): Promise<T> => {
      for (let turn = turns(); turn > 0; turn--) await Promise.resolve()
      calls += 0.5
      if (calls >= callsMax) throw new Killed()
      const result = await work()
      calls += 0.5
      if (calls >= callsMax) throw new Killed()
      return result
    }
    return createRunSchedules({
      schedules: {
        all: () => mortal(async () => [world.schedule]),
        advance: (...given) => mortal(() => advance(...given)),
      },
      addJob: (...given) => mortal(() => addJob(...given)),
      findTimetable,
      now: () => new Date(world.at + skewMs),
      onMissed: (_, missed) => world.missed.push(missed),
    })
  }
  return Object.assign(world, { openProcess })
}

const ticksOfJobs = ({ jobs }: { jobs: ReadonlyMap<string, string> }) =>
  [...jobs.keys()].map((key) => key.split(' ')[2]!).sort()

/** The ticks from the start to a moment. */
function ticksUntil(schedule: Schedule, atMs: number): readonly string[] {
  const ticks: string[] = []
  const { next } = findTimetable(schedule)
  for (let tick = next(START)!; tick.getTime() <= atMs; tick = next(tick)!) ticks.push(tick.toISOString())
  return ticks
}

function ticksOfMissed(schedule: Schedule, missed: readonly MissedTicks[]): readonly string[] {
  return missed.flatMap(({ first, last, count }) => {
    const ticks = [first]
    while (ticks.at(-1)! < last) ticks.push(findTimetable(schedule).next(ticks.at(-1)!)!)
    expect(ticks).toHaveLength(count)
    return ticks.map((tick) => tick.toISOString())
  })
}

const schedules = fc.record({
  cron: fc.constantFrom('* * * * *', '*/2 * * * *', '*/5 * * * *', '1,2,30 * * * *', '30 2 * * *'),
  catchUp: fc.boolean(),
})
const turnsOf = (numbers: readonly number[]) => {
  let at = 0
  return () => numbers[at++ % numbers.length]!
}

describe('schedules', () => {
  it('add each tick once, though 50 leaders are killed anywhere in their work, and others overlap with them', async () => {
    const round = fc.record({
      waitMs: fc.integer({ min: SECOND, max: 15 * SECOND }),
      callsMax: fc.integer({ min: 1, max: 12 }).map((halves) => halves / 2),
      turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
      overlaps: fc.boolean(),
    })
    const rounds = fc.array(round, { minLength: 50, maxLength: 50 })

    const property = fc.asyncProperty(schedules, rounds, async (content, all) => {
      const world = openWorld(scheduleOf(content))
      for (const [number, { waitMs, callsMax, turns, overlaps }] of all.entries()) {
        world.at += waitMs
        // Three in a row that do nothing leave a tick for less than a minute.
        if (number % 4 === 3) await world.openProcess().runDue()
        const killed = world.openProcess({ callsMax, turns: turnsOf(turns) }).runDue()
        const other = overlaps ? world.openProcess({ turns: turnsOf(turns.toReversed()) }).runDue() : null
        await Promise.allSettled([killed, other])
      }
      await world.openProcess().runDue()

      expect(ticksOfJobs(world)).toEqual(ticksUntil(world.schedule, world.at))
      expect(world.missed).toEqual([])
    })

    await fc.assert(property, { numRuns: 40 })
  })

  it('run each tick once, or note it as missed, though everything is down for a while', async () => {
    const round = fc.record({
      waitMs: fc.oneof(
        fc.integer({ min: SECOND, max: 30 * SECOND }),
        fc.integer({ min: 2 * MINUTE, max: 15 * MINUTE }),
      ),
      callsMax: fc.integer({ min: 1, max: 30 }).map((halves) => halves / 2),
      queueIsAway: fc.boolean(),
    })

    const property = fc.asyncProperty(schedules, fc.array(round, { maxLength: 30 }), async (content, all) => {
      const world = openWorld(scheduleOf(content))
      for (const { waitMs, callsMax, queueIsAway } of all) {
        Object.assign(world, { at: world.at + waitMs, queueIsAway })
        // A leader that dies after it has noted that ticks were missed does not log them.
        const { missed: before } = world.schedule
        await world
          .openProcess({ callsMax })
          .runDue()
          .catch(() => {})
        const { missed } = world.schedule
        if (missed !== before && missed !== world.missed.at(-1)) world.missed.push(missed!)
      }
      world.queueIsAway = false
      await world.openProcess().runDue()

      const missed = ticksOfMissed(world.schedule, world.missed)
      expect([...ticksOfJobs(world), ...missed].sort()).toEqual(ticksUntil(world.schedule, world.at))
    })

    await fc.assert(property, { numRuns: 60 })
  })

  it('run each tick once, though clocks of leaders jump for a round', async () => {
    const round = fc.record({
      waitMs: fc.integer({ min: SECOND, max: 25 * SECOND }),
      skewMs: fc.oneof(fc.constant(0), fc.integer({ min: -180 * MINUTE, max: 180 * MINUTE })),
    })

    const property = fc.asyncProperty(schedules, fc.array(round, { maxLength: 60 }), async (content, all) => {
      const world = openWorld(scheduleOf(content))
      // A tick at which the only clock is wrong may count as missed.
      const uncertain = new Set<string>()
      for (const { waitMs, skewMs } of all) {
        world.at += waitMs
        await world.openProcess().runDue()
        const before = ticksUntil(world.schedule, world.at).length
        await world.openProcess({ skewMs }).runDue()
        world.at += SECOND
        for (const tick of ticksUntil(world.schedule, world.at).slice(before)) uncertain.add(tick)
        await world.openProcess().runDue()
      }

      const isCertain = (tick: string) => !uncertain.has(tick)
      const until = new Date(world.at).toISOString()
      const past = ticksOfJobs(world).filter((tick) => tick > START.toISOString() && tick <= until)
      expect(past.filter(isCertain)).toEqual(ticksUntil(world.schedule, world.at).filter(isCertain))
    })

    await fc.assert(property, { numRuns: 60 })
  })

  it('note no tick as missed that has run, when a clock was behind for a round', async () => {
    const world = openWorld(scheduleOf())
    world.at = Date.parse('2026-10-25T00:00:01Z')
    await world.openProcess().runDue()

    await world.openProcess({ skewMs: -60 * MINUTE }).runDue()
    await world.openProcess().runDue()

    expect(world.missed).toEqual([])
    expect(world.jobs.size).toBe(1)
    expect(world.schedule.nextRunAt).toEqual(new Date('2026-10-25T00:05:00Z'))
  })

  it('note a refused run with its reason, and go on', async () => {
    const world = openWorld(scheduleOf())
    const refusing: AddJob = async () => {
      throw Object.assign(new StoreUnavailableError(), { kind: 'refused' })
    }
    const process = createRunSchedules({
      schedules: {
        all: async () => [world.schedule],
        advance: async (seen, progress) => {
          world.schedule = { ...seen, ...progress }
          return world.schedule
        },
      },
      addJob: refusing,
      findTimetable,
      now: () => new Date('2026-10-25T00:00:01Z'),
      onMissed: () => {},
    })

    await process.runDue()

    expect(world.schedule.lastRun).toMatchObject({ jobId: null, refusal: 'STORE_UNAVAILABLE' })
    expect(world.schedule.nextRunAt).toEqual(new Date('2026-10-25T00:05:00Z'))
  })
})

describe('the step of a schedule', () => {
  const daily = { cron: '0 2 * * *', timeZone: 'UTC', nextRunAt: new Date('2026-11-01T02:00:00Z') }
  const stepAt = (now: string, content: Partial<Schedule>) => {
    const schedule = scheduleOf({ ...daily, ...content })
    return planStep(schedule, findTimetable(schedule), new Date(now))
  }

  it('runs the latest tick after a long downtime where it catches up, and notes the earlier ones', () => {
    expect(stepAt('2026-11-04T09:00:00Z', { catchUp: true })).toMatchObject({
      progress: { lastRun: { dueAt: new Date('2026-11-04T02:00:00Z') }, nextRunAt: new Date('2026-11-05T02:00:00Z') },
      missed: { first: new Date('2026-11-01T02:00:00Z'), last: new Date('2026-11-03T02:00:00Z'), count: 3 },
    })
  })

  it('notes all of them where it does not', () => {
    const step = stepAt('2026-11-04T09:00:00Z', { catchUp: false })

    expect(step?.progress.lastRun).toBeUndefined()
    expect(step?.missed).toEqual({
      first: new Date('2026-11-01T02:00:00Z'),
      last: new Date('2026-11-04T02:00:00Z'),
      count: 4,
    })
  })

  it('runs a tick that is found within a minute, without catching up', () => {
    expect(stepAt('2026-11-01T02:01:00Z', {})).toMatchObject({ progress: { lastRun: { dueAt: daily.nextRunAt } } })
    expect(stepAt('2026-11-01T02:01:00.001Z', {})?.progress.lastRun).toBeUndefined()
  })

  it('is none before the tick, and none while paused', () => {
    expect(stepAt('2026-11-01T01:59:59Z', {})).toBeNull()
    expect(stepAt('2026-11-04T09:00:00Z', { active: false })).toBeNull()
  })

  it('counts missed ticks of years up to a bound', () => {
    const step = stepAt('2027-11-01T09:00:00Z', { cron: '* * * * *' })

    expect(step?.missed).toMatchObject({ count: 500, last: new Date('2027-11-01T08:59:00Z') })
  })
})
