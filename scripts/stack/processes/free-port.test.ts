import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { findFreePort } from './free-port.ts'

it('a free port is one that nothing listens on, and that the system gives to nobody', async () => {
  const before = await findFreePort()
  const taken = createServer().listen(before + 1, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')

  const port = await findFreePort()

  expect([before, before + 1]).not.toContain(port)
  expect(port).toBeGreaterThanOrEqual(20_000)
  expect(port).toBeLessThanOrEqual(32_000)
})

it('calls at the same time give different ports', async () => {
  const ports = await Promise.all(Array.from({ length: 5 }, findFreePort))

  expect(new Set(ports).size).toBe(5)
})
