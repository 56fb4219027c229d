import { expect, it } from 'vitest'
import { eventOf } from '../../testing/events.ts'
import { STREAMS } from '../envelope.ts'
import { createConsumers } from './consumers.testing.ts'
import { EMPTY } from './event-stream.ts'
import { createModelGroup, createModelRedis } from './model.testing.ts'

const stream = STREAMS.issues
const never = () => undefined

it('a place where a group has read nothing is not stored: another history of the log may have it, with other events before', async () => {
  const redis = createModelRedis(never)
  const group = createModelGroup(never, () => false)
  const consumers = createConsumers('g', { redis, group, stream })
  await redis.stream.rebuild({ epoch: 'e1', sequence: 1 }, 2)
  for (let round = 0; round < 3; round++) await consumers.consume(0)

  // The log became an older copy, which goes on in the same epoch while the group is away.
  await redis.stream.rebuild({ epoch: 'e1', sequence: 0 }, 1)
  const entries = [1, 2].map((sequence) => ({ sequence, text: JSON.stringify(eventOf('t', sequence)) }))
  await redis.stream.append(EMPTY, 'e1', entries)
  for (let round = 0; round < 3; round++) await consumers.consume(1)

  expect(group.applied).toEqual(['t-1', 't-2'])
})
