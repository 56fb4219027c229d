import { AppError, IdempotencyConflictError, toInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { BlindIndex } from '../customers/ports.ts'
import type { CreateId } from '../domain/ports.ts'
import { findEventProblems } from './event-input.ts'
import type { PaymentEvent, ReceivedEvent } from './payment-event.ts'
import type { IntakeStore, KnownEvent } from './ports.ts'

export type Acceptance = 'ACCEPTED' | 'DUPLICATE'
/** One outcome per event, in order. */
export type AcceptEvents = (
  events: readonly PaymentEvent[],
  cause: Cause,
) => Promise<readonly (Acceptance | AppError)[]>

type Dependencies = Readonly<{
  store: IntakeStore
  blindIndex: Pick<BlindIndex, 'ofInput'>
  createId: CreateId
  now: Clock
}>

/**
 * Stores payment events in one transaction; each is accepted or refused on its own. An id that was used before is a
 * duplicate if the event is the same. Nothing is applied yet, so that an answer never waits for more than this.
 */
export function createAcceptEvents({ store, blindIndex, createId, now }: Dependencies): AcceptEvents {
  return async (events, cause) => {
    const receivedAt = now()
    const checked = events.map((event): ReceivedEvent | AppError => {
      const error = toInputError(findEventProblems(event, receivedAt))
      return error ?? { id: `pev_${createId()}`, event, digest: blindIndex.ofInput(event), cause, receivedAt }
    })
    const valid = checked.filter((one): one is ReceivedEvent => !(one instanceof AppError))
    if (valid.length === 0) return checked as AppError[]

    return store.transact(async (transaction) => {
      const known = await transaction.findKnown(
        cause.tenant,
        valid.map(({ event }) => event.eventId),
      )
      const { outcomes, accepted } = sort(checked, known)
      if (accepted.length > 0) await transaction.insert(accepted)
      return outcomes
    })
  }
}

/** The first event of an id is accepted, whether it was stored before or comes earlier in the same call. */
function sort(checked: readonly (ReceivedEvent | AppError)[], known: readonly KnownEvent[]) {
  const digests = new Map(known.map(({ eventId, digest }) => [eventId, digest]))
  const accepted: ReceivedEvent[] = []
  const outcomes = checked.map((received): Acceptance | AppError => {
    if (received instanceof AppError) return received
    const { event, digest } = received
    const before = digests.get(event.eventId)
    if (before !== undefined) return before === digest ? 'DUPLICATE' : new IdempotencyConflictError(event.eventId)
    digests.set(event.eventId, digest)
    accepted.push(received)
    return 'ACCEPTED'
  })
  return { outcomes, accepted }
}
