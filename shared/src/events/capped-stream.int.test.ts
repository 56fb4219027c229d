import { beforeEach, expect, it } from 'vitest'
import { openTestRedis } from '../testing/stores.ts'
import { createCappedStream } from './capped-stream.ts'
import { STREAMS } from './envelope.ts'
import { stateKey, toSequence } from './log/event-stream.ts'

const redis = await openTestRedis(47)
const stream = createCappedStream(redis, STREAMS.jobs, 100)
beforeEach(() => redis.flushDb())

const read = async () => {
  const entries = (await redis.xRange(STREAMS.jobs, '-', '+')) ?? []
  return entries.map(({ id, message }) => ({ sequence: toSequence(id), text: message.event, epoch: message.epoch }))
}

it('a capped stream has consecutive ids in one epoch', async () => {
  await stream.append([])
  const { epoch, rebuiltTo } = await redis.hGetAll(stateKey(STREAMS.jobs))

  await stream.append(['a', 'b'])
  await stream.append(['c'])

  const from = Number(rebuiltTo)
  expect(await read()).toEqual(['a', 'b', 'c'].map((text, index) => ({ sequence: from + 1 + index, text, epoch })))
})

it('a capped stream keeps its latest entries only', async () => {
  await stream.append(Array.from({ length: 500 }, (_, index) => String(index)))

  const entries = await read()
  expect(entries.length).toBeLessThan(300)
  expect(entries.at(-1)?.text).toBe('499')
})

it.for<[string, () => Promise<unknown>, { afterLoss?: boolean }]>([
  ['an event was lost', async () => {}, { afterLoss: true }],
  ['Redis was emptied', () => redis.flushDb(), {}],
  ['Redis was restarted', () => redis.hSet(stateKey(STREAMS.jobs), 'run', 'of another process'), {}],
])(
  'where %s, a capped stream begins anew, with another epoch and higher ids after a gap',
  async ([, lose, options]) => {
    await stream.append(['a'])
    const [before] = await read()

    await lose()
    await stream.append(['b'], options)

    const after = await read()
    expect(after).toMatchObject([{ text: 'b', epoch: expect.not.stringMatching(`^${before!.epoch}$`) }])
    expect(after[0]!.sequence).toBeGreaterThan(before!.sequence + 1)
  },
)
