import type { ClientSession, Db } from 'mongodb'
import { MINUTE_MS } from '../../time.ts'
import { alertEvent } from '../alert.ts'
import type { DomainEvent } from '../envelope.ts'
import { EVENT_ALERTS, type EventAlertDocument } from '../event-collections.ts'
import { causeOfDeadEvent } from './dead-events.ts'

/** Of each kind a group raises at most one alert in this time: hundreds of events may have one cause. */
const COOLDOWN_MS = MINUTE_MS

/** EVENT_SET_ASIDE: it is tried again. DEAD_LETTER: it is not, until a person has it replayed. */
const SEVERITIES = { EVENT_SET_ASIDE: 'WARNING', DEAD_LETTER: 'CRITICAL' } as const
export type DeadLetterAlert = keyof typeof SEVERITIES

/** Stores events in a transaction of the service: in its outbox, or in the audit log itself. */
export type RecordEvents = (events: readonly DomainEvent[], session: ClientSession) => Promise<void>

export type LetterFacts = Readonly<{
  stream: string
  sequence: number
  event: Pick<DomainEvent, 'id' | 'type' | 'requestId' | 'tenant' | 'trace'> | null
}>

export type DeadLetterAlerts = Readonly<{
  /** Stores the alert of a kind for one of some events; none where there are none, or within the cooldown. */
  raise: (kind: DeadLetterAlert, letters: readonly LetterFacts[], transaction: Transaction) => Promise<void>
}>

type Transaction = Readonly<{ at: Date; session: ClientSession }>
type Options = Readonly<{ db: Db; group: string; record: RecordEvents }>

/** The cooldown is stored: a new leader does not raise the alerts of an ongoing cause again. */
export function createDeadLetterAlerts({ db, group, record }: Options): DeadLetterAlerts {
  const last = db.collection<EventAlertDocument>(EVENT_ALERTS.name)
  return {
    async raise(kind, [letter], { at, session }) {
      if (letter === undefined) return
      const _id = `${group} ${kind}`
      // A moment after `at` is that of a clock which was set back since.
      const isRecent = { $gt: new Date(at.getTime() - COOLDOWN_MS), $lte: at }
      if ((await last.findOne({ _id, at: isRecent }, { session })) !== null) return
      await last.updateOne({ _id }, { $set: { at } }, { session, upsert: true })
      await record([toAlert(kind, { group, letter, at })], session)
    },
  }
}

type Raising = Readonly<{ group: string; letter: LetterFacts; at: Date }>

/** The reason is left out: it is the text of an error, and the dead letter has it. */
function toAlert(kind: DeadLetterAlert, { group, letter: { stream, sequence, event }, at }: Raising): DomainEvent {
  const name = event === null ? 'An entry that is not an event' : `The event ${event.id} (${event.type})`
  const outcome = kind === 'DEAD_LETTER' ? 'is a dead letter' : 'was set aside and is tried again'
  return alertEvent(
    {
      id: `${kind.toLowerCase()}-${group}-${stream}-${sequence}-${at.getTime()}`,
      type: kind,
      severity: SEVERITIES[kind],
      message: `${name} could not be applied by the group ${group} and ${outcome}.`,
      entity: { type: 'ConsumerGroup', id: group },
      cause: causeOfDeadEvent(event),
    },
    at,
  )
}
