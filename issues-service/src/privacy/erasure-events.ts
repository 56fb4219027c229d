import { type EventOf, readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import { confirmPart } from './erasure.ts'
import type { ErasuresTransaction } from './ports.ts'

const TYPE = 'customer.erasure_confirmed'

/** The handling of events that notes as well which parts of erasures the other subgraphs have confirmed. */
export function followingErasures(
  handling: EventHandling,
  transactionIn: (session: ClientSession) => ErasuresTransaction,
): EventHandling {
  const { isRelevant = () => true, apply } = handling
  return {
    ...handling,
    streams: [...handling.streams, STREAMS.audit],
    isRelevant: (event) => event.type === TYPE || isRelevant(event),
    async apply(events, session, how) {
      for (const event of events.flatMap(readConfirmation)) await confirm(event, transactionIn(session))
      const own = events.filter(isRelevant)
      if (own.length > 0) await apply(own, session, how)
    },
  }
}

/** @throws UnreadableEventError */
function readConfirmation(event: DomainEvent): readonly EventOf<typeof TYPE>[] {
  const read = readEvent([TYPE], event)
  if (read instanceof UnreadableEventError) throw read
  return read === null ? [] : [read]
}

async function confirm({ entity, data, at }: EventOf<typeof TYPE>, transaction: ErasuresTransaction): Promise<void> {
  const erasure = await transaction.find(entity.id)
  // Not where this database was restored from a copy that is older than the erasure.
  if (erasure === null) return
  await transaction.save({ erasure: confirmPart(erasure, data, new Date(at)), events: [] })
}
