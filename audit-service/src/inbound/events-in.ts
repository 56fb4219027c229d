import { CONSUMER_GROUPS, PUBLISHED_STREAMS } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { ChainWriter } from '../use-cases/ports.ts'
import { recordEvents } from '../use-cases/record-events.ts'

/** The audit log need not be current to the millisecond, and larger batches cost less for each event. */
const GATHER_MS = 100

/** Appends the events of all services to the audit log. */
export function createEventsIn({ chainIn }: { chainIn: (session: ClientSession) => ChainWriter }): EventHandling {
  const record: EventHandling['apply'] = (events, session) => recordEvents(events, chainIn(session))
  return {
    streams: PUBLISHED_STREAMS,
    group: CONSUMER_GROUPS.audit,
    apply: record,
    record,
    gatherMs: GATHER_MS,
  }
}
