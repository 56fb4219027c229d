import { type AppError, UnauthenticatedError } from '@redress/shared/errors.ts'
import { compareEntryIds } from '@redress/shared/events/entry-id.ts'
import type { End } from '../end-reasons.ts'
import { SlowReaderError } from '../errors.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { Caller } from '../prepared-subscription.ts'
import type { Group } from './fan-out.ts'

/** The way to one client, as a door provides it. */
export type Sink = Readonly<{
  /** Hands over the text of a result. */
  next: (text: string) => void
  /** Nothing follows. */
  end: (why: End) => void
  /** What was handed over and waits to be taken. */
  bufferedBytes: () => number
  /** Calls back once, when all of it is taken or the client is gone. */
  whenTaken: (callback: () => void) => void
}>

/** In place of a sequence: no live event is for it yet. */
export const CATCHING_UP = Number.POSITIVE_INFINITY

/** One open subscription of one client. */
export type Subscriber = {
  readonly sink: Sink
  readonly caller: Caller
  readonly group: Group
  /** Of the last event that was handed over. */
  cursor: string | null
  /** Live events after this one are for it. */
  fromSequence: number
  /** The entry up to which it has read ahead of the tail, if it has. */
  readUntil: string | null
  isOpen: boolean
}

/** Whether a live event is news to the subscriber. */
export function isNews(subscriber: Subscriber, event: StreamEvent, sequence: number): boolean {
  if (sequence <= subscriber.fromSequence) return false
  if (subscriber.readUntil === null) return true
  if (compareEntryIds(event.entryId, subscriber.readUntil) <= 0) return false
  subscriber.readUntil = null
  return true
}

/** What hands an event over. False where the subscriber was ended instead. */
export type Deliver = (subscriber: Subscriber, event: StreamEvent, text: string) => boolean

type DeliveryOptions = Readonly<{
  isValid: (caller: Caller) => boolean
  bufferedBytesMax: number
  end: (subscriber: Subscriber, why: AppError) => void
}>

/** Nobody is told anything any more who may not know, or who does not listen; and nobody is left out silently. */
export function createDelivery({ isValid, bufferedBytesMax, end }: DeliveryOptions): Deliver {
  return (subscriber, event, text) => {
    if (!subscriber.isOpen) return false
    if (!isValid(subscriber.caller)) {
      end(subscriber, new UnauthenticatedError(NO_LONGER))
      return false
    }
    if (subscriber.sink.bufferedBytes() > bufferedBytesMax) {
      end(subscriber, new SlowReaderError(subscriber.cursor))
      return false
    }
    subscriber.sink.next(text)
    subscriber.cursor = event.cursor
    return true
  }
}

export const NO_LONGER = 'The credentials have expired or were revoked.'
