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
      { timeout: 10_000, interval: 50 },
    )
    .toEqual([STREAMS.issues])
})
