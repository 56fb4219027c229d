import { CONSUMER_GROUPS, PUBLISHED_STREAMS } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { ChainWriter } from '../use-cases/ports.ts'
import { recordEvents, recordNewEvents } from '../use-cases/record-events.ts'

/** The audit log need not be current to the millisecond, and larger batches cost less for each event. */
const GATHER = { leastMs: 100, mostMs: 500 }

/** Appends the events of all services to the audit log. */
export function createEventsIn({ chainIn }: { chainIn: (session: ClientSession) => ChainWriter }): EventHandling {
  return {
    streams: PUBLISHED_STREAMS,
    group: CONSUMER_GROUPS.audit,
    apply: (events, session, { isRepeat }) => (isRepeat ? recordNewEvents : recordEvents)(events, chainIn(session)),
    record: (events, session) => recordNewEvents(events, chainIn(session)),
    gather: GATHER,
  }
}
