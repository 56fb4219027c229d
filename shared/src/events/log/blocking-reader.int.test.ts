import { expect, it } from 'vitest'
import { createTestPublisher } from '../../testing/published-events.ts'
import { openTestRedis, silent } from '../../testing/stores.ts'
import { STREAMS } from '../envelope.ts'
import { createBlockingReader } from './blocking-reader.ts'

const REDIS = 40
const redis = await openTestRedis(REDIS)
const stream = STREAMS.issues

it('a reader opens no connection any more once it is closed, also for a read that begins after that', async () => {
  const connections = async () => (await redis.clientList()).filter(({ db }) => db === REDIS).length
  const publisher = await createTestPublisher(redis, stream)
  await publisher.publishTexts('one')
  const before = await connections()
  const reader = createBlockingReader({ redis, logger: silent })
  const read = () => reader.read([{ key: stream, id: '0-0' }], 1)

  const [first] = await read()
  reader.close()

  expect(first?.messages.map(({ id }) => id)).toEqual(['1-0'])
  await expect(read()).rejects.toThrow()
  await expect.poll(connections).toBe(before)
})
