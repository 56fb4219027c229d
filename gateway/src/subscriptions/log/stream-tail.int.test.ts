import { STREAMS, type StreamName } from '@redress/shared/events/envelope.ts'
import { createEventStream } from '@redress/shared/events/log/event-stream.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { appendTexts, openStreams } from '@redress/shared/testing/published-events.ts'
import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { createStreamLog } from './stream-log.ts'
import { createStreamTail } from './stream-tail.ts'

const redis = await openTestRedis(14)

it('a tail that is never idle notices that a stream has a new epoch, and no entries after its position yet', async () => {
  await openStreams(redis)
  await appendTexts(redis, STREAMS.issues, [JSON.stringify(eventOf('t', 1)), JSON.stringify(eventOf('t', 2))])
  const lost: StreamName[] = []
  const tail = createStreamTail({
    redis,
    log: createStreamLog(redis),
    onEvent: () => undefined,
    onLost: (stream) => lost.push(stream),
    logger: silent,
  })
  onTestFinished(tail.stop)
  await tail.start()

  await createEventStream(redis, STREAMS.issues).rebuild({ epoch: 'other', sequence: 1 }, 1)

  await expect
    .poll(
      async () => {
        await appendTexts(redis, STREAMS.decisions, [JSON.stringify(eventOf('d', 1))])
        return lost
      },
      { interval: 50 },
    )
    .toEqual([STREAMS.issues])
})

it('a tail that is stopped while it looks at its streams opens no connection any more', async () => {
  await openStreams(redis)
  const log = createStreamLog(redis)
  const looking = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  let opened = 0
  const failing = new Proxy(redis, {
    get(target, key) {
      if (key !== 'duplicate') return Reflect.get(target, key, target)
      opened++
      throw new Error('The first connection fails, so that the tail looks at its streams again.')
    },
  })
  const tail = createStreamTail({
    redis: failing,
    log: {
      ...log,
      async readState(stream) {
        if (opened > 0) looking.resolve()
        if (opened > 0) await end.promise
        return log.readState(stream)
      },
    },
    onEvent: () => undefined,
    onLost: () => undefined,
    logger: silent,
  })
  await tail.start()
  await looking.promise

  tail.stop()
  end.resolve()
  for (let turn = 0; turn < 3; turn++) await redis.ping()

  expect(opened).toBe(1)
})
