import type { SubscriptionField } from '../prepared-subscription.ts'

/** What happens with subscriptions, for metrics. Called often: must be cheap, and must not throw. */
export type SubscriptionObserver = Readonly<{
  opened?: (field: SubscriptionField) => void
  closed?: (field: SubscriptionField) => void
  /** One event went to `subscribers` of one group, `lagMs` after it happened. */
  delivered?: (facts: Readonly<{ field: SubscriptionField; subscribers: number; lagMs: number }>) => void
  slowReader?: (field: SubscriptionField) => void
}>

export type Counts = Readonly<{
  open: Readonly<Record<SubscriptionField, number>>
  delivered: Readonly<Record<SubscriptionField, number>>
  slowReaders: number
  /** Of those that are open: how many are not live yet. */
  catchingUp: number
  /** Of the event that was delivered last. */
  lagMs: number
}>

/** Counts, and tells the observer. */
export function createCounters(observer: SubscriptionObserver) {
  const open = { issueStatusChanged: 0, decisionMade: 0 }
  const delivered = { issueStatusChanged: 0, decisionMade: 0 }
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
    delivered(field: SubscriptionField, { subscribers, lagMs }: { subscribers: number; lagMs: number }) {
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

export type Counters = ReturnType<typeof createCounters>
