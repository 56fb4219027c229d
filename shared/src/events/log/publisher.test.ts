import { expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { createModelLog, createModelRedis } from './model.testing.ts'
import { createPublisher } from './publisher.ts'

const never = () => undefined

it('a stream that is lost while it is examined is filled again in the same epoch, so that nothing is applied twice', async () => {
  const redis = createModelRedis(never)
  const { log, commit } = createModelLog(never)
  const reasons: string[] = []
  const open = (stream: typeof redis.stream) =>
    createPublisher({ log, stream, findRestart: async () => 1, onRebuild: ({ reason }) => reasons.push(reason) })
  for (const version of [1, 2]) commit(JSON.stringify(eventOf('t', version)))
  await open(redis.stream).publish()
  reasons.length = 0

  const successor = open({
    ...redis.stream,
    async readText(sequence) {
      if (reasons.length === 0) redis.wipe()
      return redis.stream.readText(sequence)
    },
  })
  for (let round = 0; round < 2; round++) await successor.publish()

  expect(reasons).toEqual(['lost'])
  expect([await redis.stream.readFirst(), (await log.readHead()).epoch]).toEqual([1, 'e1'])
})
