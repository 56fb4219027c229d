import { expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { STREAMS } from '../envelope.ts'
import { createModelLog, createModelRedis } from './model.testing.ts'
import { createPublisher } from './publisher.ts'

const never = () => undefined
const textOf = (version: number) => JSON.stringify(eventOf('t', version))

it('a stream that is lost while it is examined is filled again in the same epoch, so that nothing is applied twice', async () => {
  const redis = createModelRedis(never)
  const { log, commit } = createModelLog(never)
  const reasons: string[] = []
  const open = (own: typeof log) =>
    createPublisher({
      ...{ log: own, stream: redis.stream, findRestart: async () => 1 },
      onRebuild: ({ reason }) => reasons.push(reason),
    })
  for (const version of [1, 2]) commit(textOf(version))
  await open(log).publish()
  expect(reasons).toEqual(['first'])
  reasons.length = 0

  const successor = open({
    ...log,
    async read(sequence) {
      if (reasons.length === 0) redis.wipe()
      return log.read(sequence)
    },
  })
  commit(textOf(3))
  for (let round = 0; round < 2; round++) await successor.publish()

  expect(reasons).toEqual(['lost'])
  expect([await redis.stream.readFirst(), (await log.readHead()).epoch]).toEqual([1, 'e1'])
})

/** A service and its Redis; `publish` commits events of these versions first. */
function createSystem() {
  const redis = createModelRedis(never)
  const source = createModelLog(never)
  const publisher = createPublisher({
    ...{ log: source.log, stream: redis.stream, findRestart: async () => 1, onRebuild: never },
  })
  return {
    redis,
    source,
    async publish(...versions: readonly number[]) {
      for (const version of versions) source.commit(textOf(version))
      await publisher.publish()
    },
    /** The epoch of the log, and the texts of its stream. */
    read: async (length: number) => [
      (await source.log.readHead()).epoch,
      ...(await Promise.all(Array.from({ length }, (_, index) => redis.stream.readText(index + 1)))),
    ],
  }
}

it('a stream that became a copy older than a restore of its log is filled again, also where both end with one sequence', async () => {
  const { redis, source, publish, read } = createSystem()
  await publish(1)
  source.copy(0)
  await publish(2)
  redis.copy(0)
  source.restore(0)
  redis.wipe()
  await publish()
  await publish(12)

  redis.restore(0)
  await publish(13)

  expect(await read(3)).toEqual(['e2', ...[1, 12, 13].map(textOf)])
})

it('a log that becomes another copy under its publisher begins a new epoch, also where both end with one sequence', async () => {
  const { redis, source, publish, read } = createSystem()
  await publish(1)
  source.copy(0)
  await publish(2)
  source.copy(1)
  source.restore(0)
  redis.wipe()
  await publish(12)

  source.restore(1)
  await publish(13)

  expect(await read(3)).toEqual(['e2', ...[1, 2, 13].map(textOf)])
})

it('a publisher that another one overtakes with a new epoch does not bring the old one back', async () => {
  const { redis, source, publish } = createSystem()
  await publish(1)
  const late = createPublisher({
    ...{ log: source.log, findRestart: async () => 1, onRebuild: never },
    stream: {
      ...redis.stream,
      async append(...call) {
        const overtaking = createPublisher({
          ...{ log: source.log, stream: redis.stream, findRestart: async () => 1, onRebuild: never },
        })
        await overtaking.startEpoch('e1')
        return redis.stream.append(...call)
      },
    },
  })
  source.commit(textOf(2))

  await late.publish()
  await late.startEpoch('e1')

  expect((await source.log.readHead()).epoch).toBe('e2')
  expect((await redis.reader(STREAMS.issues, 1).readState(STREAMS.issues))?.epoch).toBe('e2')
})
