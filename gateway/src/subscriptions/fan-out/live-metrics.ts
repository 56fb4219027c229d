import { byField, type SubscriptionField } from '../fields.ts'

/** Callbacks for metrics. Called often: must be cheap, and must not throw. */
export type SubscriptionObserver = Readonly<{
  opened?: (field: SubscriptionField) => void
  closed?: (field: SubscriptionField) => void
  /** One event was sent to `subscribers` of one group, `lagMs` after it happened. */
  delivered?: (facts: Readonly<{ field: SubscriptionField; subscribers: number; lagMs: number }>) => void
  slowReader?: (field: SubscriptionField) => void
}>

export type Counts = Readonly<{
  open: Readonly<Record<SubscriptionField, number>>
  delivered: Readonly<Record<SubscriptionField, number>>
  slowReaders: number
  /** Open subscriptions that are not live yet. */
  catchingUp: number
  /** Lag of the event that was delivered last. */
  lagMs: number
}>

/** Counts what happens to subscriptions and passes it on to the observer. */
export function createLiveMetrics(observer: SubscriptionObserver) {
  const open = byField(() => 0)
  const delivered = byField(() => 0)
  let slowReaders = 0
  let lastLagMs = 0

  return {
    opened(field: SubscriptionField) {
      open[field]++
      observer.opened?.(field)
    },
    closed(field: SubscriptionField) {
      open[field]--
      observer.closed?.(field)
    },
    delivered(field: SubscriptionField, subscribers: number, lagMs: number) {
      delivered[field] += subscribers
      lastLagMs = lagMs
      observer.delivered?.({ field, subscribers, lagMs })
    },
    slowReader(field: SubscriptionField) {
      slowReaders++
      observer.slowReader?.(field)
    },
    read: () => ({ open: { ...open }, delivered: { ...delivered }, slowReaders, lagMs: lastLagMs }),
  }
}

export type LiveMetrics = ReturnType<typeof createLiveMetrics>
