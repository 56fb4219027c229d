import type { Logger } from '@redress/shared/process/logger.ts'
import type { Caller } from '../../access/caller.ts'
import { toEnd } from '../end-reasons.ts'
import { type After, readAfter } from '../log/cursor.ts'
import type { GraphqlRequest, PreparedSubscription, StreamedOperations } from '../prepared-subscription.ts'
import type { Sink } from './sink.ts'
import type { Subscriber } from './subscriber.ts'
import type { Subscribers } from './subscribers.ts'

type Options = Readonly<{
  subscribers: Subscribers
  prepare: StreamedOperations['prepare']
  /** @throws UnauthenticatedError, StoppingError */
  requireAccess: (caller: Caller) => Promise<void>
  /** Starts the flow of events to the subscriber. */
  follow: (subscriber: Subscriber, after: After | null) => Promise<void>
  logger: Logger
}>

export type OpenSubscription = Readonly<{ close: () => void }>

/** Opens a subscription. A failure ends the sink, never before this has returned. */
export type Open = (request: GraphqlRequest, caller: Caller, sink: Sink) => OpenSubscription

/** A subscription while it is opened: `subscriber` is set once it is admitted, `isWanted` until the client closes it. */
type Opening = Readonly<{ request: GraphqlRequest; caller: Caller; sink: Sink }> & {
  subscriber: Subscriber | null
  isWanted: boolean
}

export function createOpen(options: Options): Open {
  const { subscribers } = options
  return (request, caller, sink) => {
    const opening: Opening = { request, caller, sink, subscriber: null, isWanted: true }
    // Not at once: the transport has to store what this returns before the sink can be ended.
    queueMicrotask(() => void run(opening, options))
    return {
      close() {
        opening.isWanted = false
        if (opening.subscriber !== null) subscribers.end(opening.subscriber, null)
      },
    }
  }
}

async function run(opening: Opening, options: Options): Promise<void> {
  const { subscribers, follow, logger } = options
  try {
    const after = await admitWithQuota(opening, options)
    if (opening.subscriber !== null) await follow(opening.subscriber, after)
  } catch (error) {
    if (opening.subscriber !== null) subscribers.end(opening.subscriber, toEnd(error, logger))
    else if (opening.isWanted) opening.sink.end(toEnd(error, logger))
  }
}

async function admitWithQuota(opening: Opening, options: Options): Promise<After | null> {
  const { subscribers } = options
  subscribers.reserve(opening.caller)
  try {
    const prepared = await prepareWanted(opening, options)
    return prepared && admit(opening, prepared, options)
  } finally {
    // Once admitted, the subscriber holds the quota.
    if (opening.subscriber === null) subscribers.release(opening.caller)
  }
}

/** Null if the client closed it meanwhile, or its errors were sent. */
async function prepareWanted(opening: Opening, options: Options): Promise<PreparedSubscription | null> {
  const { request, caller, sink } = opening
  await options.requireAccess(caller)
  const preparation = await options.prepare(request, caller)
  if (!opening.isWanted) return null
  // Again, because preparing takes time and access must hold when it ends.
  await options.requireAccess(caller)
  if (!opening.isWanted) return null
  if (preparation.ok) return preparation.subscription
  sink.end(preparation.errors)
  return null
}

function admit(opening: Opening, prepared: PreparedSubscription, { subscribers }: Options): After | null {
  const { request, caller, sink } = opening
  const { args, field } = prepared
  const after = args.after == null ? null : readAfter(field, String(args.after))
  opening.subscriber = subscribers.admit({ request, prepared, caller, sink })
  return after
}
