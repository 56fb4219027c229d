import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { End } from '../end-reasons.ts'
import { SlowReaderError } from '../errors.ts'
import { VALIDITY_IDLE_MS } from '../limits.ts'
import type { Caller, GraphqlRequest, PreparedSubscription, SubscriptionField } from '../prepared-subscription.ts'
import type { Groups } from './groups.ts'
import { interestOf } from './interest.ts'
import type { Counters } from './live-metrics.ts'
import type { Quota } from './quota.ts'
import { CATCHING_UP, NO_LONGER, type Sink, type Subscriber } from './subscriber.ts'
import type { Validity } from './validity.ts'

type Options = Readonly<{
  groups: Groups
  quota: Quota
  counters: Counters
  validity: Validity
  /** Nobody is there any more, nor about to come. */
  onNobody: () => void
}>

export type Admission = Readonly<{
  request: GraphqlRequest
  prepared: PreparedSubscription
  caller: Caller
  sink: Sink
}>

export type Membership = Readonly<{
  /** Holds a place for somebody who is about to come. @throws TooManySubscriptionsError */
  reserve: (caller: Caller) => void
  giveUp: (caller: Caller) => void
  /** Makes a subscriber of who has a place. @throws ForbiddenError */
  admit: (admission: Admission) => Subscriber
  /** Ends a subscription once; null where the client itself wanted it. */
  end: (subscriber: Subscriber, why: End | null) => void
  endAll: (toWhy: (subscriber: Subscriber) => End, field?: SubscriptionField) => void
  /** Ends those whose credentials hold no longer: also who is told nothing for a while is cut off in time. */
  sweep: () => void
}>

/** Who is subscribed, from the place that is held for them to their end. */
export function createMembership({ groups, quota, counters, validity, onNobody }: Options): Membership {
  const giveUp = ({ principal }: Caller) => {
    quota.giveBack(principal.id)
    if (quota.taken() === 0) onNobody()
  }

  const end = (subscriber: Subscriber, why: End | null) => {
    if (!subscriber.isOpen) return
    subscriber.isOpen = false
    const { group, sink, caller } = subscriber
    const { field } = group.prepared
    group.members.delete(subscriber)
    groups.dropIfEmpty(group)
    counters.closed(field)
    if (why instanceof SlowReaderError) counters.slowReader(field)
    if (why !== null) sink.end(why)
    giveUp(caller)
  }

  return {
    reserve: ({ principal }) => quota.take(principal.id),
    giveUp,
    admit({ request, prepared, caller, sink }) {
      const group = groups.find(request, prepared, interestOf(prepared, caller.principal))
      const place = { cursor: null, fromSequence: CATCHING_UP, readUntil: null, isOpen: true }
      const subscriber: Subscriber = { sink, caller, group, ...place }
      group.members.add(subscriber)
      counters.opened(prepared.field)
      return subscriber
    },
    end,
    endAll(toWhy, field) {
      for (const { members } of field === undefined ? groups.all() : groups.ofField(field)) {
        for (const member of members) end(member, toWhy(member))
      }
    },
    sweep() {
      for (const { members } of groups.all()) {
        for (const member of members) {
          void validity.renew(member.caller, VALIDITY_IDLE_MS)
          if (!validity.isValid(member.caller)) end(member, new UnauthenticatedError(NO_LONGER))
        }
      }
    },
  }
}
