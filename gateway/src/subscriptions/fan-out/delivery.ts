import { type AppError, UnauthenticatedError } from '@redress/shared/errors.ts'
import { compareEntryIds } from '@redress/shared/events/entry-id.ts'
import type { Caller } from '../../access/caller.ts'
import { SlowReaderError } from '../errors.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { Subscriber } from './subscriber.ts'

/** Sends the text for an event to a subscriber. False if the subscriber was ended instead. */
export type Deliver = (subscriber: Subscriber, event: StreamEvent, text: string) => boolean

type Options = Readonly<{
  isValid: (caller: Caller) => boolean
  bufferedBytesMax: number
  end: (subscriber: Subscriber, why: AppError) => void
}>

export const CREDENTIALS_ENDED = 'The credentials have expired or were revoked.'

/** Checks before each send that the credentials are still valid and the client keeps up; otherwise ends the subscription. */
export function createDelivery({ isValid, bufferedBytesMax, end }: Options): Deliver {
  return (subscriber, event, text) => {
    if (!subscriber.isOpen) return false
    if (!isValid(subscriber.caller)) {
      end(subscriber, new UnauthenticatedError(CREDENTIALS_ENDED))
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

/** Whether a live event was not yet delivered to the subscriber while catching up. */
export function isUndelivered(subscriber: Subscriber, event: StreamEvent, sequence: number): boolean {
  if (sequence <= subscriber.fromSequence) return false
  if (subscriber.readUntil === null) return true
  if (compareEntryIds(event.entryId, subscriber.readUntil) <= 0) return false
  subscriber.readUntil = null
  return true
}
