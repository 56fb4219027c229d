import { createServer, connect as dial, type Socket } from 'node:net'
import { expect, inject, it, onTestFinished } from 'vitest'
import { silent } from '../testing/stores.ts'
import { connectRedis } from './redis.ts'

/** A way to Redis whose present connections can be made half-open: they stay, and nothing passes any more. */
async function startProxy() {
  const { hostname, port } = new URL(inject('redisUrl'))
  const sockets = new Set<Socket>()
  let half = new Set<Socket>()
  const server = createServer((near) => {
    const far = dial(Number(port), hostname)
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined))
    near.on('data', (data) => half.has(near) || far.write(data))
    far.on('data', (data) => half.has(near) || near.write(data))
    near.on('close', () => far.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port: own } = server.address() as { port: number }
  return {
    url: `redis://127.0.0.1:${own}`,
    freeze() {
      half = new Set(sockets)
    },
  }
}

it('a command on a half-open connection fails, and the next ones are answered on a new connection', async () => {
  const proxy = await startProxy()
  const redis = await connectRedis(proxy.url, { name: 'test', logger: silent, silentMs: 1_000 })
  onTestFinished(() => redis.destroy())
  await expect.poll(() => redis.ping().catch(String)).toBe('PONG')

  proxy.freeze()

  await expect(redis.get('any')).rejects.toThrow()
  await expect.poll(() => redis.ping().catch(String)).toBe('PONG')
})
