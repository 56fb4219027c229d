import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import type { EpochChange } from './queue-epochs.ts'
import { createRecoverAll } from './recover-all.ts'
import type { Recover } from './recover-jobs.ts'

const { signal } = new AbortController()

/** Notes what is asked for; fails while `state.fails`. */
const setup = () => {
  const redis = new EventEmitter()
  const asked: (boolean | undefined)[] = []
  const state = { fails: false, changed: [] as readonly EpochChange[], noted: 0 }
  const recover: Recover = async ({ all } = {}) => {
    asked.push(all)
    if (state.fails) throw new Error('The database is away.')
    return 1
  }
  const epochs = {
    findChanged: async () => state.changed,
    async note(changes: readonly EpochChange[]) {
      state.noted += changes.length
      state.changed = []
    },
  }
  const recoverAll = (...more: readonly Recover[]) =>
    createRecoverAll({ connections: [redis], epochs, recoverEach: [recover, ...more] })
  return { redis, asked, state, recoverAll }
}

it('looks all open jobs up once Redis was away, again where that failed, and then the overdue ones', async () => {
  const { redis, asked, state, recoverAll } = setup()
  const run = recoverAll()

  await run(signal)
  redis.emit('ready')
  state.fails = true
  await expect(run(signal)).rejects.toThrow('away')
  state.fails = false
  await run(signal)
  await run(signal)

  expect(asked).toEqual([false, true, true, false])
})

it('looks all open jobs up where a Redis is another one, until that has worked once', async () => {
  const { asked, state, recoverAll } = setup()
  const run = recoverAll()
  state.changed = [{ queue: 'money', run: 'r2' }]
  state.fails = true

  await expect(run(signal)).rejects.toThrow('away')
  const notedWhereItFailed = state.noted
  state.fails = false
  await run(signal)
  await run(signal)

  expect([asked, notedWhereItFailed, state.noted]).toEqual([[true, true, false], 0, 1])
})

it('recovers one kind of job although another one cannot be recovered', async () => {
  const { asked, recoverAll } = setup()
  const failing: Recover = async () => Promise.reject(new Error('no'))
  const run = createRecoverAllOf(failing)

  await expect(run(signal)).rejects.toThrow('no')

  expect(asked).toHaveLength(1)

  function createRecoverAllOf(first: Recover) {
    const last = recoverAll()
    const connections = [new EventEmitter()]
    const epochs = { findChanged: async () => [], note: async () => undefined }
    return createRecoverAll({ connections, epochs, recoverEach: [first, async () => last(signal)] })
  }
})
