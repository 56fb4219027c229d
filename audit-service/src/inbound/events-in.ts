import { ACTORS } from '@redress/shared/access/actors.ts'
import { confirmingErasures } from '@redress/shared/events/confirm-erasures.ts'
import { isActOnDeadLetters } from '@redress/shared/events/dead-letters/follow-acts.ts'
import { createPublishDeadEvents } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { CONSUMER_GROUPS, type DomainEvent, RECORDED_STREAMS } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession, Db } from 'mongodb'
import type { ChainWriter } from '../use-cases/ports.ts'
import { recordEvents, recordNewEvents } from '../use-cases/record-events.ts'

/** The audit log need not be current to the millisecond, and larger batches cost less for each event. */
const GATHER = { leastMs: 100, mostMs: 500 }

type Dependencies = Readonly<{ db: Db; chainIn: (session: ClientSession) => ChainWriter; outbox: Pick<Outbox, 'add'> }>

/** Of what this service records by itself, its dead letters and confirmed erasures are published as well. */
const isPublished = (event: DomainEvent) => isActOnDeadLetters(event) || event.type === 'customer.erasure_confirmed'

/** Appends the events of all services to the audit log, and confirms erasures: entries hold nothing personal. */
export function createEventsIn({ db, chainIn, outbox }: Dependencies): EventHandling {
  const handling: EventHandling = {
    streams: RECORDED_STREAMS,
    group: CONSUMER_GROUPS.audit,
    apply: (events, session, { isRepeat }) => (isRepeat ? recordNewEvents : recordEvents)(events, chainIn(session)),
    async record(events, session) {
      await recordNewEvents(events, chainIn(session))
      await outbox.add(events.filter(isPublished), session)
    },
    list: createPublishDeadEvents(outbox.add),
    gather: GATHER,
  }
  return confirmingErasures(handling, { db, subgraph: 'audit', actor: ACTORS.audit })
}
