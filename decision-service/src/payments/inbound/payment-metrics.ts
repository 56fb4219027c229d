import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { createCounters } from '@redress/shared/telemetry/tallies.ts'
import type { StoredPayment } from '../domain/stored-payment.ts'

/** Counts what was decided about payments, by verdict. Answers that are given again are not counted. */
export function createPaymentMetrics({ registry }: Pick<Metrics, 'registry'>) {
  const counterOf = createCounters(registry, {
    name: 'payment_decisions_total',
    help: 'Payments that were decided',
    labels: ['verdict'],
  })
  const counters = { ALLOW: counterOf('ALLOW'), REVIEW: counterOf('REVIEW'), BLOCK: counterOf('BLOCK') }
  return { decided: ({ verdict }: StoredPayment) => counters[verdict].add() }
}
