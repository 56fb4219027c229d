import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { FollowActs } from '@redress/shared/events/dead-letters/follow-acts.ts'
import { asNew } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { ClientSession } from 'mongodb'
import type { Act } from '../acts/act-events.ts'
import type { LetterCollection, LetterDocument } from './letter-documents.ts'

const STATE_OF = { replayed: 'RETRIED', discarded: 'DISCARDED' } as const
type What = keyof typeof STATE_OF

/** How long the dead letter of an event stays in the list once it was handled. */
export const HANDLED_DAYS = 90

type Acting = Readonly<{ act: Act; session: ClientSession }>

/**
 * Handles the dead letters of events among some, with one event for each service that has them. That service follows it:
 * this one in the same transaction, another one once it has the event. A service that has not the event any more does nothing.
 */
export type ActOnEvents = (what: What, letters: readonly LetterDocument[], acting: Acting) => Promise<void>

type Dependencies = Readonly<{ deadLetters: LetterCollection; outbox: Outbox; followActs: FollowActs }>

export function createActOnEvents({ deadLetters, outbox, followActs }: Dependencies): ActOnEvents {
  return async (what, letters, { act, session }) => {
    const ofEvents = letters.filter(({ kind }) => kind === 'EVENT')
    if (ofEvents.length === 0) return
    const { reason, cause, at } = act
    const handled = { state: STATE_OF[what], handling: { actor: cause.actor, reason, at }, expiresAt: expiryOf(at) }
    await deadLetters.updateMany({ _id: { $in: ofEvents.map(({ _id }) => _id) } }, { $set: handled }, { session })
    const events = [...Map.groupBy(ofEvents, ({ service }) => service)].map(([group, ofGroup]) => {
      const ids = ofGroup.map(({ _id }) => _id)
      return newEvent(`dead_letters.${what}`, {
        id: `dead_letters-${group}-${what}-${at.getTime()}-${ids[0]}`,
        ...{ at, cause, entity: { type: 'ConsumerGroup', id: group } as const },
        changes: asNew({ reason, [what]: ids }),
        data: { group, ids },
      })
    })
    await outbox.add(events, session)
    await followActs(events, session)
  }
}

export const expiryOf = (at: Date): Date => new Date(at.getTime() + HANDLED_DAYS * DAY_MS)
