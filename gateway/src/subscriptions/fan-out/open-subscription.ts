import type { Logger } from '@redress/shared/process/logger.ts'
import { toEnd } from '../end-reasons.ts'
import { type After, readAfter } from '../log/cursor.ts'
import type { Caller, GraphqlRequest, Operations } from '../prepared-subscription.ts'
import type { Sink, Subscriber } from './subscriber.ts'
import type { Membership } from './subscribers.ts'

type Options = Readonly<{
  membership: Membership
  prepare: Operations['prepare']
  /** @throws UnauthenticatedError, StoppingError */
  demandWelcome: (caller: Caller) => Promise<void>
  /** Makes the events flow. */
  follow: (subscriber: Subscriber, after: After | null) => Promise<void>
  logger: Logger
}>

export type OpenSubscription = Readonly<{ close: () => void }>

/** Begins a subscription. What goes wrong with it is the end of the sink, never before this has returned. */
export type Open = (request: GraphqlRequest, caller: Caller, sink: Sink) => OpenSubscription

export function createOpening({ membership, prepare, demandWelcome, follow, logger }: Options): Open {
  return (request, caller, sink) => {
    let subscriber: Subscriber | null = null
    let isWanted = true

    /** Null where there is nothing to follow, and everything is said. */
    const begin = async (): Promise<After | null | undefined> => {
      await demandWelcome(caller)
      const preparation = await prepare(request, caller)
      if (!isWanted) return undefined
      // Again: preparing takes a while, and what holds was to hold when it ends.
      await demandWelcome(caller)
      if (!isWanted) return undefined
      if (!preparation.ok) {
        sink.end(preparation.errors)
        return undefined
      }
      const { args, field } = preparation.subscription
      const after = args.after == null ? null : readAfter(field, String(args.after))
      subscriber = membership.admit({ request, prepared: preparation.subscription, caller, sink })
      return after
    }

    const beginInPlace = async () => {
      membership.reserve(caller)
      try {
        return await begin()
      } finally {
        // From here on the subscriber holds the place.
        if (subscriber === null) membership.giveUp(caller)
      }
    }

    const run = async () => {
      try {
        const after = await beginInPlace()
        if (subscriber !== null && after !== undefined) await follow(subscriber, after)
      } catch (error) {
        if (subscriber !== null) membership.end(subscriber, toEnd(error, logger))
        else if (isWanted) sink.end(toEnd(error, logger))
      }
    }

    // Not at once: whoever opens it has to know what it opened before it can end.
    queueMicrotask(() => void run())
    return {
      close() {
        isWanted = false
        if (subscriber !== null) membership.end(subscriber, null)
      },
    }
  }
}
