import { isActOnDeadLetters } from '@redress/shared/events/dead-letters/follow-acts.ts'
import { createPublishDeadEvents } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { CONSUMER_GROUPS, RECORDED_STREAMS } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { ChainWriter } from '../use-cases/ports.ts'
import { recordEvents, recordNewEvents } from '../use-cases/record-events.ts'

/** The audit log need not be current to the millisecond, and larger batches cost less for each event. */
const GATHER = { leastMs: 100, mostMs: 500 }

type Dependencies = Readonly<{ chainIn: (session: ClientSession) => ChainWriter; outbox: Pick<Outbox, 'add'> }>

/** Appends the events of all services to the audit log. What happens to its own dead letters is published as well. */
export function createEventsIn({ chainIn, outbox }: Dependencies): EventHandling {
  return {
    streams: RECORDED_STREAMS,
    group: CONSUMER_GROUPS.audit,
    apply: (events, session, { isRepeat }) => (isRepeat ? recordNewEvents : recordEvents)(events, chainIn(session)),
    async record(events, session) {
      await recordNewEvents(events, chainIn(session))
      await outbox.add(events.filter(isActOnDeadLetters), session)
    },
    list: createPublishDeadEvents(outbox.add),
    gather: GATHER,
  }
}
