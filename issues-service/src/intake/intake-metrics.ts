import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { createCounters, createGauges, perName } from '@redress/shared/telemetry/tallies.ts'
import type { Collection } from 'mongodb'
import type { PaymentEventDocument } from '../stores/collections.ts'

/** Counting stops here: whether a thousand or ten thousand wait, someone has to look. */
const COUNTED_MAX = 1_000

export type IntakeOutcome = 'accepted' | 'duplicate' | 'refused' | 'applied' | 'failed' | 'dead'
export type CountEvents = (outcome: IntakeOutcome, count?: number) => void

/** Counts events of payments by what became of them, and shows how long the oldest one has waited. */
export function exposeIntake(metrics: Metrics, paymentEvents: Collection<PaymentEventDocument>): CountEvents {
  const { registry } = metrics
  const counterOf = perName(
    createCounters(registry, {
      name: 'payment_events_total',
      help: 'Events of payments: accepted, duplicate or refused when they come, then applied, failed (an attempt) or dead',
      labels: ['outcome'],
    }),
  )
  const gauge = (name: string, help: string) => createGauges(registry, { name, help, labels: [] })
  const waiting = gauge('payment_events_waiting', `Events of payments to be applied, counted up to ${COUNTED_MAX}`)
  const age = gauge('payment_events_oldest_waiting_age_seconds', 'Age of the oldest of them; 0 where there is none')
  metrics.beforeScrape({
    forget() {
      waiting.clear()
      age.clear()
    },
    async read() {
      const isWaiting = paymentEvents.find({ state: 'WAITING', nextAttemptAt: { $gt: new Date(0) } })
      const found = await isWaiting.project({ receivedAt: 1 }).limit(COUNTED_MAX).toArray()
      const oldest = Math.min(...found.map(({ receivedAt }) => receivedAt.getTime()))
      waiting().set(found.length)
      age().set(found.length === 0 ? 0 : Math.max(0, (Date.now() - oldest) / 1_000))
    },
  })
  return (outcome, count = 1) => counterOf(outcome).add(count)
}
