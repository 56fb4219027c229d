import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { setup } from './stores.ts'

const isServed = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

describe('the stores of a test run', () => {
  it('are provided while it lasts, and gone afterwards', async () => {
    const provided: Record<string, string> = {}

    const stop = await setup({ provide: (name, value) => (provided[name] = value) })
    const during = await Promise.all(Object.values(provided).map(isServed))
    await stop()
    const after = await Promise.all(Object.values(provided).map(isServed))

    expect(Object.keys(provided).sort()).toEqual(['mongoUri', 'redisUrl'])
    expect([during, after]).toEqual([
      [true, true],
      [false, false],
    ])
  })
})
