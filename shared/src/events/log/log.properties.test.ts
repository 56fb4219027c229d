import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { type DomainEvent, STREAMS } from '../envelope.ts'
import { openGroup, type Round, type Trace } from './group.ts'
import { PositionMovedError } from './group-store.ts'
import { CrashError, createModelGroup, createModelLog, createModelRedis, type ModelGroup } from './model.testing.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { isPassed } from './reports.ts'
import { createServeGaps } from './serve-gaps.ts'
import { createWaiting } from './set-aside.ts'
import { createHold } from './settle.ts'

const stream = STREAMS.issues
const ENTITIES = 3
/** Steps of one history; the histories of a run come to a million steps when EVENT_STEPS says so. */
const HISTORIES = Math.max(1, Math.round(Number(process.env.EVENT_STEPS ?? 20_000) / 100))

type System = ReturnType<typeof createSystem>

/** A moment at which the seed may let a process crash: a call of a store. */
function createCrashes() {
  let crashIn = Number.POSITIVE_INFINITY
  return {
    after(calls: number) {
      crashIn = calls
    },
    mayCrash() {
      crashIn--
      if (crashIn >= 0) return
      crashIn = Number.POSITIVE_INFINITY
      throw new CrashError()
    },
  }
}

const isTransient = (error: unknown) => error instanceof CrashError || error instanceof PositionMovedError
const trace: Trace = (events, run) => run(events)
const hooks = { random: () => 0.5, isTransient, trace, afterCommit: async () => undefined }

type Redis = ReturnType<typeof createModelRedis>

/** A group with two processes; `firstSequence` is the oldest one that it may expect. */
function createConsumers(name: string, { redis, group }: Readonly<{ redis: Redis; group: ModelGroup }>) {
  const clock = { ms: 0 }
  const nowMs = () => clock.ms
  const hold = createHold(nowMs)
  const open = () =>
    openGroup({
      ...hooks,
      ...{
        monotonicMs: nowMs,
        hold,
        store: group.store,
        reader: redis.reader(stream, 7),
        streams: [stream],
        isRelevant: () => true,
      },
      waiting: createWaiting({ ...group.store, ...hooks, nowMs, monotonicMs: nowMs, onAttempt: () => undefined }),
      report: async (_, position) => void redis.reports.set(name, position),
      onSetAside: () => undefined,
      onGone: () => undefined,
    })
  const processes: ((() => Promise<Round>) | null)[] = [null, null]
  return {
    group,
    async consume(index: number) {
      clock.ms += 1_000
      try {
        processes[index] ??= await open()
        await processes[index]()
      } catch (error) {
        if (!isTransient(error)) throw error
        processes[index] = null
      }
    },
  }
}

/** A service that publishes, its Redis, and groups that apply; two processes of each, at the seed's mercy. */
function createSystem() {
  const crashes = createCrashes()
  const broken = new Set<string>()
  const redis = createModelRedis(crashes.mayCrash)
  const source = createModelLog(crashes.mayCrash)
  const groups: (ReturnType<typeof createConsumers> & { first: number })[] = []
  const applied = () => source.appliedBy(groups.map((_, index) => `g${index}`))

  const newPublisher = () =>
    createPublisher({
      log: source.log,
      stream: redis.stream,
      findRestart: async () => Math.max(applied() + 1, await source.log.readOldest()),
      onRebuild: () => undefined,
    })
  const publishers = [newPublisher(), newPublisher()]
  let leader = 0
  let copiedGroups = 0
  const publishWith = async (publisher: Publisher) => {
    await publisher.publish()
    const reports = new Map(redis.reports)
    if (isPassed(await source.log.readHead(), reports)) return publisher.startEpoch()
    source.storeReports(reports)
    await createServeGaps({ ...source, stream: redis.stream, publisher, onGap: () => undefined })(reports)
  }
  const system = {
    redis,
    source,
    groups,
    broken,
    crashAfter: crashes.after,
    committed: 0,
    restores: 0,
    poison: 0,
    commit() {
      const number = ++system.committed
      const event = eventOf(`t${number % ENTITIES}`, number)
      source.commit(JSON.stringify(event))
      return event.id
    },
    async publish(index: number) {
      if (index !== leader) publishers[index] = newPublisher()
      leader = index
      await publishWith(publishers[index]!).catch((error: unknown) => {
        if (!(error instanceof CrashError)) throw error
        publishers[index] = newPublisher()
      })
    },
    async consume(index: number) {
      for (const group of groups) await group.consume(index)
    },
    async join() {
      const group = createModelGroup(crashes.mayCrash, ({ id }) => broken.has(id))
      const first = await source.log.readOldest()
      groups.push({ ...createConsumers(`g${groups.length}`, { redis, group }), first })
    },
    async forget() {
      await source.log.remove({ sequence: applied(), before: new Date() })
      redis.setOldest(await source.log.readOldest())
      redis.trim(applied() + 1)
    },
    copyLog() {
      source.copy()
      copiedGroups = groups.length
    },
    /** Once in a history: no more is promised than that one restore is survived, whatever else happens around it. */
    async restoreLog() {
      if (system.restores > 0) return
      source.restore()
      system.restores++
      // Groups that came later cannot get what this copy had removed before.
      const oldest = await source.log.readOldest()
      redis.setOldest(oldest)
      for (const group of groups.slice(copiedGroups)) group.first = Math.max(group.first, oldest)
    },
  }
  return system
}

const small = fc.integer({ min: 0, max: 12 })
const either = fc.integer({ min: 0, max: 1 })
const STEPS: readonly fc.Arbitrary<(system: System) => unknown>[] = [
  fc.constant((system: System) => system.commit()),
  either.map((index) => (system: System) => system.publish(index)),
  either.map((index) => (system: System) => system.consume(index)),
  small.map((calls) => (system: System) => system.crashAfter(calls)),
  small.map((count) => (system: System) => system.redis.lose(count)),
  fc.constant((system: System) => system.redis.wipe()),
  fc.constant((system: System) => system.redis.copy()),
  // Not after the log was restored: a copy of Redis from before that may end where the stream of the log ends now.
  fc.constant((system: System) => system.restores === 0 && system.redis.restore()),
  fc.constant((system: System) => system.forget()),
  fc.constant((system: System) => system.copyLog()),
  fc.constant((system: System) => system.restoreLog()),
  fc.constant(async (system: System) => {
    await system.restoreLog()
    system.redis.wipe()
  }),
  fc.constant((system: System) => system.groups.length < 3 && system.join()),
  fc.constant((system: System) => system.source.commit(`not an event ${++system.poison}`)),
  fc.constant((system: System) => system.broken.add(system.commit())),
  fc.constant((system: System) => system.broken.clear()),
]
const step = fc.oneof(...STEPS.map((arbitrary, index) => ({ arbitrary, weight: index < 3 ? 15 : 1 })))

/** Without faults for a while: everything that was committed must arrive. */
async function calmDown(system: System) {
  system.crashAfter(Number.POSITIVE_INFINITY)
  system.broken.clear()
  for (let round = 0; round < 80; round++) {
    await system.publish(0)
    await system.consume(0)
    await system.forget()
  }
}

const numberOf = (id: string) => Number(id.split('-')[1])
const isEvent = (text: string) => text.startsWith('{')
/** The numbers of the events of a history from its sequence `first` on. */
const numbersFrom = (history: readonly string[], first: number) =>
  history
    .slice(first - 1)
    .filter(isEvent)
    .map((text) => numberOf((JSON.parse(text) as DomainEvent).id))

/** Events that were applied, once each: after a restore a group begins anew, and their effects are idempotent. */
function expectApplied({ restores, source }: System, { group, first }: System['groups'][number]) {
  const { applied, deadLetters } = group
  if (restores === 0) expect(new Set(applied).size).toBe(applied.length)
  const once = [...new Set(applied)].map(numberOf)
  const dead = new Set(deadLetters.map(numberOf))
  const done = new Set([...once, ...dead])
  expect(numbersFrom(source.history(), first).filter((number) => !done.has(number))).toEqual([])
  // An older copy may have events again that came before the first one of a late group.
  for (let entity = 0; restores === 0 && entity < ENTITIES; entity++) {
    const own = once.filter((number) => number % ENTITIES === entity && !dead.has(number))
    expect(own).toEqual([...own].sort((a, b) => a - b))
  }
  const poison = source
    .history()
    .slice(first - 1)
    .filter((text) => !isEvent(text))
  expect(deadLetters.filter((text) => !text.includes('-')).length).toBeGreaterThanOrEqual(poison.length)
}

describe('events on their way from the outbox to groups', () => {
  it('are each applied once and in the order of their entity, whatever crashes and whatever is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150 }), async (steps) => {
        const system = createSystem()
        await system.join()

        for (const run of steps) await run(system)
        await calmDown(system)

        for (const group of system.groups) expectApplied(system, group)
      }),
      { numRuns: HISTORIES },
    )
  })
})
