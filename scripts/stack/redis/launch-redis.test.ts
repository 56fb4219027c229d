import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createClient } from 'redis'
import { describe, expect, it, type TestContext } from 'vitest'
import { createTemporaryDirectory } from '../../testing/temporary-directory.ts'
import { findFreePort } from '../processes/free-port.ts'
import { findOrInstallRedis, readMachine } from './find-redis.ts'
import { launchRedis } from './launch-redis.ts'
import { redisPidFileIn, untilPredecessorEnded } from './redis-predecessor.ts'

async function startRedis(test: TestContext, directory: string) {
  const program = findOrInstallRedis(readMachine(process.env), () => {})
  const { child, ready } = launchRedis({ program, port: await findFreePort(), directory, durable: true })
  test.onTestFinished(() => void child.kill('SIGKILL'))
  const url = await ready
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  test.onTestFinished(() => client.destroy())
  return { child, client }
}

describe('Redis', () => {
  it('keeps its data over a SIGTERM', async (test) => {
    const directory = createTemporaryDirectory(test)
    const first = await startRedis(test, directory)
    await first.client.set('colour', 'blue')
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')

    const { client } = await startRedis(test, directory)

    expect(await client.get('colour')).toBe('blue')
  })

  it('evicts nothing, and writes every change to a file', async (test) => {
    const { client } = await startRedis(test, createTemporaryDirectory(test))

    const settings = await client.configGet(['maxmemory-policy', 'appendonly', 'appendfsync', 'bind'])

    expect(settings).toMatchObject({
      'maxmemory-policy': 'noeviction',
      appendonly: 'yes',
      appendfsync: 'everysec',
      bind: '127.0.0.1',
    })
  })

  it('ends when the pipe to its supervisor closes', async (test) => {
    const { child } = await startRedis(test, createTemporaryDirectory(test))

    child.stdin?.destroy()

    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('is awaited by its successor', async (test) => {
    const directory = createTemporaryDirectory(test)
    const { child } = await startRedis(test, directory)
    const waited = untilPredecessorEnded(directory)

    child.kill('SIGTERM')
    await waited

    expect(existsSync(redisPidFileIn(directory))).toBe(false)
  })
})
