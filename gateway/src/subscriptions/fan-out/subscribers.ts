import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { Caller } from '../../access/caller.ts'
import type { End } from '../end-reasons.ts'
import { SlowReaderError } from '../errors.ts'
import type { SubscriptionField } from '../fields.ts'
import { VALIDITY_IDLE_MS } from '../limits.ts'
import type { GraphqlRequest, PreparedSubscription } from '../prepared-subscription.ts'
import { CREDENTIALS_ENDED } from './delivery.ts'
import type { Groups } from './groups.ts'
import { interestOf } from './interest.ts'
import type { LiveMetrics } from './live-metrics.ts'
import type { Quota } from './quota.ts'
import type { Sink } from './sink.ts'
import { CATCHING_UP, type Subscriber } from './subscriber.ts'
import type { Validity } from './validity.ts'

type Options = Readonly<{
  groups: Groups
  quota: Quota
  metrics: LiveMetrics
  validity: Validity
  /** Called when no subscription is open or being opened any more. */
  onIdle: () => void
}>

export type Admission = Readonly<{
  request: GraphqlRequest
  prepared: PreparedSubscription
  caller: Caller
  sink: Sink
}>

export type Subscribers = Readonly<{
  /** Reserves quota for a subscription that is being opened. @throws TooManySubscriptionsError */
  reserve: (caller: Caller) => void
  release: (caller: Caller) => void
  /** Adds a subscriber, for which quota is reserved. @throws ForbiddenError */
  admit: (admission: Admission) => Subscriber
  /** Ends a subscription once; `why` is null if the client ended it. */
  end: (subscriber: Subscriber, why: End | null) => void
  endAll: (toWhy: (subscriber: Subscriber) => End, field?: SubscriptionField) => void
  /** Ends subscriptions whose credentials are no longer valid. Needed beside the check on delivery: events may be rare. */
  sweep: () => void
}>

/** The open subscriptions, from the reservation of their quota to their end. */
export function createSubscribers({ groups, quota, metrics, validity, onIdle }: Options): Subscribers {
  const release = ({ principal }: Caller) => {
    quota.giveBack(principal.id)
    if (quota.taken() === 0) onIdle()
  }

  const end = (subscriber: Subscriber, why: End | null) => {
    if (!subscriber.isOpen) return
    subscriber.isOpen = false
    const { group, sink, caller } = subscriber
    const { field } = group.prepared
    group.members.delete(subscriber)
    groups.dropIfEmpty(group)
    metrics.closed(field)
    if (why instanceof SlowReaderError) metrics.slowReader(field)
    if (why !== null) sink.end(why)
    release(caller)
  }

  const endIfInvalid = (subscriber: Subscriber) => {
    void validity.renew(subscriber.caller, VALIDITY_IDLE_MS)
    if (!validity.isValid(subscriber.caller)) end(subscriber, new UnauthenticatedError(CREDENTIALS_ENDED))
  }

  return {
    reserve: ({ principal }) => quota.take(principal.id),
    release,
    admit(admission) {
      const subscriber = toSubscriber(groups, admission)
      subscriber.group.members.add(subscriber)
      metrics.opened(admission.prepared.field)
      return subscriber
    },
    end,
    endAll(toWhy, field) {
      for (const member of groups.members(field)) end(member, toWhy(member))
    },
    sweep: () => groups.members().forEach(endIfInvalid),
  }
}

function toSubscriber(groups: Groups, { request, prepared, caller, sink }: Admission): Subscriber {
  const group = groups.find(request, prepared, interestOf(prepared, caller.principal))
  return { sink, caller, group, cursor: null, fromSequence: CATCHING_UP, readUntil: null, isOpen: true }
}
