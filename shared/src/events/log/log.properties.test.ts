import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { type DomainEvent, STREAMS } from '../envelope.ts'
import { openGroup, type Round } from './group.ts'
import { PositionMovedError } from './group-store.ts'
import { CrashError, createModelGroup, createModelLog, createModelRedis } from './model.testing.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { createServeGaps } from './serve-gaps.ts'
import { createWaiting } from './set-aside.ts'

const stream = STREAMS.issues
const ENTITIES = 3
/** Steps of one history; the histories of a run come to a million steps when EVENT_STEPS says so. */
const HISTORIES = Math.max(1, Math.round(Number(process.env.EVENT_STEPS ?? 20_000) / 100))

type System = ReturnType<typeof createSystem>

/** A service that publishes, its Redis, and a group that applies; two processes of each, at the seed's mercy. */
function createSystem() {
  let crashIn = Number.POSITIVE_INFINITY
  const mayCrash = () => {
    crashIn--
    if (crashIn >= 0) return
    crashIn = Number.POSITIVE_INFINITY
    throw new CrashError()
  }
  const broken = new Set<string>()
  let nowMs = 0
  const redis = createModelRedis(mayCrash)
  const source = createModelLog(mayCrash)
  const group = createModelGroup(mayCrash, ({ id }) => broken.has(id))
  const clock = { nowMs: () => nowMs, random: () => 0.5 }
  const isTransient = (error: unknown) => error instanceof CrashError || error instanceof PositionMovedError
  const trace = async (events: readonly DomainEvent[], run: (events: readonly DomainEvent[]) => Promise<void>) =>
    run(events)
  const hooks = { ...clock, isTransient, trace, afterCommit: async () => undefined }

  const newPublisher = () =>
    createPublisher({
      log: source.log,
      stream: redis.stream,
      findRestart: async () => Math.min(group.positionOf(stream).sequence + 1, await source.log.readOldest()),
      onRebuild: () => undefined,
    })
  const newGroup = () =>
    openGroup({
      ...hooks,
      ...{ store: group.store, reader: redis.reader(stream, 7), streams: [stream], isRelevant: () => true },
      waiting: createWaiting({ ...group.store, ...hooks, onAttempt: () => undefined }),
      report: async (_, position) => void redis.reports.set('g', position),
      onSetAside: () => undefined,
      onGone: () => undefined,
    })
  const publishers = [newPublisher(), newPublisher()]
  const publishWith = async (publisher: Publisher) => {
    await publisher.publish()
    await createServeGaps({ ...source, stream: redis.stream, publisher, onGap: () => undefined })(redis.reports)
  }
  const groups: ((() => Promise<Round>) | null)[] = [null, null]
  let committed = 0

  return {
    redis,
    source,
    group,
    broken,
    commit() {
      const number = ++committed
      const event = eventOf(`t${number % ENTITIES}`, number)
      source.commit(JSON.stringify(event))
      return event.id
    },
    crashAfter(calls: number) {
      crashIn = calls
    },
    async publish(index: number) {
      await publishWith(publishers[index]!).catch((error: unknown) => {
        if (!(error instanceof CrashError)) throw error
        publishers[index] = newPublisher()
      })
    },
    async consume(index: number) {
      nowMs += 1_000
      try {
        groups[index] ??= await newGroup()
        await groups[index]()
      } catch (error) {
        if (!isTransient(error)) throw error
        groups[index] = null
      }
    },
    committed: () => committed,
  }
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
  fc.constant((system: System) => system.redis.restore()),
  fc.constant((system: System) => system.redis.trim(system.group.positionOf(stream).sequence + 1)),
  fc.constant((system: System) => system.broken.add(system.commit())),
  fc.constant((system: System) => system.broken.clear()),
]
const step = fc.oneof(...STEPS.map((arbitrary, index) => ({ arbitrary, weight: index < 3 ? 12 : 1 })))

/** Without faults for a while: everything that was committed must arrive. */
async function calmDown(system: System) {
  system.crashAfter(Number.POSITIVE_INFINITY)
  system.broken.clear()
  for (let round = 0; round < 60; round++) {
    await system.publish(0)
    await system.consume(0)
  }
}

describe('events on their way from the outbox to a group', () => {
  it('are each applied once and in the order of their entity, whatever crashes and whatever Redis loses', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 150 }), async (steps) => {
        const system = createSystem()

        for (const run of steps) await run(system)
        await calmDown(system)

        const numbers = system.group.applied.map((id) => Number(id.split('-')[1]))
        expect([...numbers].sort((a, b) => a - b)).toEqual(
          Array.from({ length: system.committed() }, (_, index) => index + 1),
        )
        for (let entity = 0; entity < ENTITIES; entity++) {
          const own = numbers.filter((number) => number % ENTITIES === entity)
          expect(own).toEqual([...own].sort((a, b) => a - b))
        }
      }),
      { numRuns: HISTORIES },
    )
  })
})
