import { randomUUID } from 'node:crypto'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { createBatchedScript, type ScriptCall, type ScriptClient } from './batched-script.ts'

const redis = (await openTestRedis(23)) as ScriptClient & Awaited<ReturnType<typeof openTestRedis>>

/** A script of its own for each test, which Redis does not know. */
function createScript(body: string) {
  const sent: ('evalSha' | 'eval')[] = []
  const count = (command: 'evalSha' | 'eval'): ScriptClient[typeof command] => {
    return (text, call) => {
      sent.push(command)
      return redis[command](text, call)
    }
  }
  const client = { evalSha: count('evalSha'), eval: count('eval') }
  const source = `-- ${randomUUID()}\n${body}`
  return { sent, run: createBatchedScript(source, () => client) }
}

const toCall = (keys: readonly string[], ...args: (string | Buffer)[]): ScriptCall => ({
  keys: [...keys],
  arguments: args,
})

describe('a script', () => {
  it('that is called several times in one turn is one command, and each call has a reply of its own', async () => {
    const prefix = randomUUID()
    const { run, sent } = createScript(
      `return {redis.call('INCRBY', KEYS[2], ARGV[2]), KEYS[1], ARGV[1], #KEYS, #ARGV}`,
    )
    const call = (key: string, by: string) => run(toCall([prefix, `${prefix}:${key}`], 'same', by))

    const replies = await Promise.all([call('a', '1'), call('b', '2'), call('a', '3')])

    expect(replies).toEqual([1, 2, 4].map((sum) => [sum, prefix, 'same', 2, 2]))
    // Redis had not seen it before.
    expect(sent).toEqual(['evalSha', 'eval'])
    await Promise.all([call('a', '1'), call('b', '1')])
    expect(sent).toEqual(['evalSha', 'eval', 'evalSha'])
  })

  it('that fails for one call does so for no other one', async () => {
    const key = randomUUID()
    const { run } = createScript(`
      if ARGV[1] == 'refused' then return redis.error_reply('REFUSED by the script') end
      if ARGV[1] == 'wrong' then return redis.call('LPUSH', KEYS[1], 'x') end
      if ARGV[1] == 'broken' then return nil .. 'x' end
      return redis.call('INCR', KEYS[1])`)
    const call = (what: string) => run(toCall([key], what))

    const outcomes = await Promise.allSettled(['good', 'refused', 'wrong', 'broken', 'good'].map(call))

    expect(outcomes).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: expect.objectContaining({ message: 'REFUSED by the script' }) },
      { status: 'rejected', reason: expect.objectContaining({ message: expect.stringMatching(/^WRONGTYPE/) }) },
      { status: 'rejected', reason: expect.objectContaining({ message: expect.stringContaining('concatenate') }) },
      { status: 'fulfilled', value: 2 },
    ])
  })

  it('may reply nothing, and receives bytes as they are', async () => {
    const { run } = createScript(`if ARGV[1] == '' then return end return {#ARGV[1], string.byte(ARGV[1], 1, -1)}`)
    const bytes = Buffer.from([0, 255, 128, 10, 13])

    const replies = await Promise.all([run(toCall([], '')), run(toCall([], bytes)), run(toCall([], 'é'))])

    expect(replies).toEqual([null, [5, 0, 255, 128, 10, 13], [2, 195, 169]])
  })

  it('may be called with different numbers of arguments', async () => {
    const { run } = createScript('return {#KEYS, #ARGV, ARGV[#ARGV]}')
    const key = randomUUID()

    const calls = [toCall([key], 'a'), toCall([key, key], 'b', 'c'), toCall([key], 'd'), toCall([key], 'e', 'f', 'g')]
    const replies = await Promise.all(calls.map(run))

    expect(replies).toEqual([
      [1, 1, 'a'],
      [2, 2, 'c'],
      [1, 1, 'd'],
      [1, 3, 'g'],
    ])
  })

  it('that is called once is sent as it is', async () => {
    const { run, sent } = createScript('return ARGV[1]')

    await expect(run(toCall([], 'alone'))).resolves.toBe('alone')
    await expect(run(toCall([], 'again'))).resolves.toBe('again')

    expect(sent).toEqual(['evalSha', 'eval', 'evalSha'])
  })

  it('runs very many calls of one turn in several commands, in their order', async () => {
    const key = randomUUID()
    const { run } = createScript(`return redis.call('INCR', KEYS[1])`)

    const replies = await Promise.all(Array.from({ length: 120 }, () => run(toCall([key]))))

    expect(replies).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
  })

  it('fails for all calls where the client has lost its connection', async () => {
    const lost = new Error('Socket closed unexpectedly')
    const client = { evalSha: () => Promise.reject(lost), eval: () => Promise.reject(lost) }
    const run = createBatchedScript('return 1', () => client)

    const outcomes = await Promise.allSettled([run(toCall([])), run(toCall([]))])

    expect(outcomes).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ])
  })
})
