import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { type DomainEvent, STREAMS } from '../envelope.ts'
import { createConsumers } from './consumers.testing.ts'
import { CrashError, createModelGroup, createModelLog, createModelRedis } from './model.testing.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { isPassed } from './reports.ts'
import { createServeGaps } from './serve-gaps.ts'

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

function passCrash(error: unknown) {
  if (!(error instanceof CrashError)) throw error
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
  const copiedGroups = [0, 0]
  const publishWith = async (publisher: Publisher) => {
    await publisher.publish()
    const reports = new Map(redis.reports)
    const head = await source.log.readHead()
    if (isPassed(head, reports)) return publisher.startEpoch(head.epoch)
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
        passCrash(error)
        publishers[index] = newPublisher()
      })
    },
    async consume(index: number) {
      for (const group of groups) await group.consume(index)
    },
    async join() {
      const group = createModelGroup(crashes.mayCrash, ({ id }) => broken.has(id))
      const first = Math.max(await source.log.readOldest(), redis.oldest())
      groups.push({ ...createConsumers(`g${groups.length}`, { redis, group, stream }), first })
    },
    async forget() {
      await source.log.remove({ sequence: applied(), before: new Date() })
      await redis.stream.setOldest(await source.log.readOldest()).catch(passCrash)
      redis.trim(applied() + 1)
    },
    copyLog(slot: number) {
      source.copy(slot)
      copiedGroups[slot] = groups.length
    },
    /** A group that has read nothing begins with the oldest entry that Redis knows, and cannot recognise a copy. */
    restoreRedis(slot: number) {
      redis.restore(slot)
      for (const one of groups.filter(({ group }) => group.positionOf(stream).epoch === null)) {
        one.first = Math.max(one.first, redis.oldest())
      }
    },
    async restoreLog(slot: number) {
      if (!source.restore(slot)) return
      system.restores++
      // Groups that came later cannot get what this copy had removed before.
      const oldest = await source.log.readOldest()
      for (const group of groups.slice(copiedGroups[slot])) group.first = Math.max(group.first, oldest)
    },
  }
  return system
}

const small = fc.integer({ min: 0, max: 12 })
const either = fc.integer({ min: 0, max: 1 })
type Step = (system: System) => unknown
const always = (run: Step) => fc.constant(run)
const STEPS: readonly (readonly [weight: number, step: fc.Arbitrary<Step>])[] = [
  [15, always((system) => system.commit())],
  [15, either.map((index) => (system) => system.publish(index))],
  [15, either.map((index) => (system) => system.consume(index))],
  [1, small.map((calls) => (system) => system.crashAfter(calls))],
  [2, small.map((count) => (system) => system.redis.lose(count))],
  [4, always((system) => system.redis.wipe())],
  [4, either.map((slot) => (system) => system.redis.copy(slot))],
  [4, either.map((slot) => (system) => system.restoreRedis(slot))],
  [4, always((system) => system.forget())],
  [4, either.map((slot) => (system) => system.copyLog(slot))],
  [2, either.map((slot) => (system) => system.restoreLog(slot))],
  [2, either.map((slot) => (system) => system.restoreLog(slot).then(() => system.redis.wipe()))],
  [1, always((system) => system.groups.length < 3 && system.join())],
  [1, always((system) => system.source.commit(`not an event ${++system.poison}`))],
  [1, always((system) => system.broken.add(system.commit()))],
  [1, always((system) => system.broken.clear())],
]
const step = fc.oneof(...STEPS.map(([weight, arbitrary]) => ({ arbitrary, weight })))

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
