import { expect, it } from 'vitest'
import { MonitoringEnvironment, toQueueThresholds } from './monitoring-config.ts'
import { THRESHOLDS } from './thresholds.ts'

it('the thresholds are those of the table, unless they are configured', () => {
  const read = (env: Record<string, string>) => toQueueThresholds(MonitoringEnvironment.assert(env))

  expect(read({})).toEqual(THRESHOLDS)
  expect(read({ ALERT_THRESHOLD_MONEY_QUEUE: '5', ALERT_THRESHOLD_COMM_AGE_MINUTES: '7' })).toEqual({
    ...THRESHOLDS,
    money: { ...THRESHOLDS.money, QUEUE_DEPTH: 5 },
    communication: { ...THRESHOLDS.communication, JOB_AGE: 7 },
  })
})

it('a threshold is a whole number, 0 or more', () => {
  expect(() => MonitoringEnvironment.assert({ ALERT_THRESHOLD_MONEY_QUEUE: '-1' })).toThrow(
    'ALERT_THRESHOLD_MONEY_QUEUE',
  )
})
