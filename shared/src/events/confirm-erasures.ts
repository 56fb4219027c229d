import type { ClientSession, Db } from 'mongodb'
import { type EventOf, newEvent, readEvent, UnreadableEventError } from './catalogue.ts'
import { deadEventCollection } from './dead-letters/dead-events.ts'
import type { RecordEvents } from './dead-letters/dead-letter-alerts.ts'
import { causedBy, type DomainEvent, parseEvent } from './envelope.ts'
import type { ErasureConfirmed } from './erasure-data.ts'
import type { ConsumerOptions } from './stream-consumer.ts'

const TYPE = 'customer.erased'
type CustomerErased = EventOf<typeof TYPE>

/** Erases what a service holds of the texts of some issues, in the transaction of the consumer. Repeating it does no harm. */
export type EraseTexts = (issueIds: readonly string[], session: ClientSession) => Promise<void>

type Handling = Pick<ConsumerOptions, 'group' | 'isRelevant' | 'apply'> & Readonly<{ record: RecordEvents }>
type Options = Readonly<{ db: Db; subgraph: ErasureConfirmed['subgraph']; actor: string; eraseTexts?: EraseTexts }>

/**
 * The handling of events that erases the texts of erased customers as well, in events that could not be applied too, and
 * confirms each part by an event: all in one transaction.
 */
export function confirmingErasures<H extends Handling>(handling: H, options: Options): H {
  const { isRelevant = () => true, apply, record } = handling
  return {
    ...handling,
    isRelevant: (event: DomainEvent) => event.type === TYPE || isRelevant(event),
    async apply(events: readonly DomainEvent[], session: ClientSession, how: Parameters<typeof apply>[2]) {
      const own = events.filter(isRelevant)
      if (own.length > 0) await apply(own, session, how)
      const erased = events.flatMap(readErased)
      for (const { data } of erased) await eraseAll(data.issueIds, { ...options, group: handling.group, session })
      const toConfirmation = (event: CustomerErased) => confirmationOf(event, { ...options, ...how })
      if (erased.length > 0) await record(erased.map(toConfirmation), session)
    },
  }
}

/** @throws UnreadableEventError */
function readErased(event: DomainEvent): readonly CustomerErased[] {
  const read = readEvent([TYPE], event)
  if (read instanceof UnreadableEventError) throw read
  return read === null ? [] : [read]
}

type Erasing = Pick<Options, 'db' | 'eraseTexts'> & Readonly<{ group: string; session: ClientSession }>

async function eraseAll(issueIds: readonly string[], { db, eraseTexts, group, session }: Erasing): Promise<void> {
  if (issueIds.length === 0) return
  await eraseTexts?.(issueIds, session)
  await eraseInDeadEvents(db, issueIds, { group, session })
}

/** Events of issues have the customer's message in their case. */
async function eraseInDeadEvents(
  db: Db,
  issueIds: readonly string[],
  { group, session }: Pick<Erasing, 'group' | 'session'>,
): Promise<void> {
  const dead = deadEventCollection(db)
  const ofIssues = { group, entity: { $in: issueIds.map((id) => `Issue ${id}`) } }
  for (const { _id, text } of await dead.find(ofIssues, { session }).toArray()) {
    await dead.updateOne({ _id }, { $set: { text: withoutMessage(text) } }, { session })
  }
}

function withoutMessage(text: string): string {
  const event = parseEvent(text)
  if (event === null) return text
  return JSON.stringify({ ...event, data: withoutCustomerMessage(event.data) })
}

/** The data of an event of an issue without the customer's message. */
export function withoutCustomerMessage(data: object): object {
  if (!('case' in data) || typeof data.case !== 'object' || data.case === null) return data
  const { message: _, ...rest } = data.case as Readonly<Record<string, unknown>>
  return { ...data, case: rest }
}

type Confirming = Pick<Options, 'subgraph' | 'actor'> & Readonly<{ isRepeat: boolean }>

/** The id is derived from the event. One that comes again, out of a restored log, is confirmed again. */
function confirmationOf(event: CustomerErased, { subgraph, actor, isRepeat }: Confirming) {
  const at = new Date()
  return newEvent('customer.erasure_confirmed', {
    id: `${event.id}-${subgraph}${isRepeat ? `-${at.getTime()}` : ''}`,
    ...{ at, cause: causedBy(event, actor), entity: event.entity },
    data: { subgraph, part: event.data.part },
  })
}
