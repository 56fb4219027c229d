import { createClient } from 'redis'
import { expect, it, type TestContext } from 'vitest'
import { createTemporaryDirectory } from '../../testing/temporary-directory.ts'
import { removeAppendOnlyFiles } from './append-only-file.ts'
import { startRedisServer } from './redis-server.ts'

const startServer = async (context: TestContext) => {
  const server = await startRedisServer(createTemporaryDirectory(context), () => {})
  context.onTestFinished(server.stop)
  return server
}
const ask = async (url: string, ...command: readonly string[]) => {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => {})
  await client.connect()
  try {
    return String(await client.sendCommand([...command]))
  } finally {
    client.destroy()
  }
}

it('a replica takes over the address of Redis, with its data and files of its own', async (context) => {
  const { url, directory, pid, failOver } = await startServer(context)
  const before = { pid: pid(), directory: directory() }
  await ask(url, 'SET', 'colour', 'blue')

  await failOver(0)

  expect(await ask(url, 'GET', 'colour')).toBe('blue')
  expect(await ask(url, 'INFO', 'replication')).toContain('role:master')
  expect(pid()).not.toBe(before.pid)
  expect(directory()).not.toBe(before.directory)
})

it('a Redis that loses its files while it is down starts without data', async (context) => {
  const { url, directory, whileDown } = await startServer(context)
  await ask(url, 'SET', 'colour', 'blue')

  await whileDown(() => removeAppendOnlyFiles(directory()))

  expect(await ask(url, 'DBSIZE')).toBe('0')
})
