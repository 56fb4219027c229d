import type { Caller } from '../../access/caller.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { GraphqlRequest, PreparedSubscription } from '../prepared-subscription.ts'
import type { Interest } from './interest.ts'
import type { Sink } from './sink.ts'

/** Value of `fromSequence` before a subscriber is live: no live event is delivered yet. */
export const CATCHING_UP = Number.POSITIVE_INFINITY

/** One open subscription of one client. */
export type Subscriber = {
  readonly sink: Sink
  readonly caller: Caller
  readonly group: Group
  /** The cursor of the last event that was sent. */
  cursor: string | null
  /** Live events with a higher sequence are delivered. */
  fromSequence: number
  /** The entry up to which catching up has read ahead of the tail; null if it has not. */
  readUntil: string | null
  isOpen: boolean
}

/** An event on its way to a group; `text` is the answer, once it is being computed. */
export type QueuedEvent = { event: StreamEvent; sequence: number; text: Promise<string> | null }

/** Subscribers that want the same events and get the same text for each. */
export type Group = {
  key: string
  readonly request: GraphqlRequest
  prepared: PreparedSubscription
  readonly interest: Interest
  readonly members: Set<Subscriber>
  readonly queue: QueuedEvent[]
  /** Settles when the queue is empty; null while it is. */
  delivering: Promise<void> | null
}
