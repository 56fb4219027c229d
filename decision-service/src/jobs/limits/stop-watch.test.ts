import { silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { openSwitch } from './provider-switch.ts'
import { startStopWatch } from './stop-watch.ts'

it('a process that can no longer read the stops makes no calls', async () => {
  let nowMs = 0
  let isAway = false
  const watch = await startStopWatch({
    async readStopped() {
      if (isAway) throw new Error('away')
      return [openSwitch('twilio:sms')]
    },
    pollMs: 1,
    monotonicMs: () => nowMs,
    logger: silent,
  })
  onTestFinished(watch.stop)
  expect([watch.stateOf('twilio:sms'), watch.stateOf('twilio:voice')]).toEqual(['stopped', 'allowed'])

  isAway = true
  nowMs = 15_001

  expect(watch.stateOf('twilio:voice')).toBe('unknown')
  isAway = false
  await expect.poll(() => watch.stateOf('twilio:voice')).toBe('allowed')
})
