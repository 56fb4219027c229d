import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { repeatOnLeader } from './repeat-on-leader.ts'

const redis = await openTestRedis(35)

it('a round that hangs is aborted, and does not keep the next ones from beginning', async () => {
  const resources = new AsyncDisposableStack()
  onTestFinished(() => resources.disposeAsync())
  let rounds = 0
  let aborted = 0
  const run = (signal: AbortSignal) => {
    rounds++
    signal.addEventListener('abort', () => void aborted++)
    return new Promise<never>(() => {})
  }
  const timing = { everyMs: 5, deadlineMs: 5 }

  repeatOnLeader({ redis, logger: silent, resources }, { election: 'test', run, ...timing, onFailure: 'hung' })

  await expect.poll(() => rounds).toBeGreaterThan(2)
  expect(aborted).toBeGreaterThanOrEqual(2)
})
