import type { ClientSession } from 'mongodb'
import { ACTORS } from '../../access/actors.ts'
import { MINUTE_MS } from '../../time.ts'
import { alertEvent } from '../alert.ts'
import type { DomainEvent, StreamName } from '../envelope.ts'

/** Of each kind a group raises at most one alert in this time: hundreds of events may have one cause. */
const COOLDOWN_MS = MINUTE_MS

/** EVENT_SET_ASIDE: it is tried again. DEAD_LETTER: it is not, until a person has it replayed. */
const SEVERITIES = { EVENT_SET_ASIDE: 'WARNING', DEAD_LETTER: 'CRITICAL' } as const
export type DeadLetterAlert = keyof typeof SEVERITIES

/** Stores events in a transaction of the service: in its outbox, or in the audit log itself. */
export type RecordEvents = (events: readonly DomainEvent[], session: ClientSession) => Promise<void>

export type LetterFacts = Readonly<{ stream: StreamName; sequence: number; event: DomainEvent | null }>

export type DeadLetterAlerts = Readonly<{
  /** The alert of a kind for one of some events; none where there are none, or within the cooldown. */
  toEvents: (kind: DeadLetterAlert, letters: readonly LetterFacts[], at: Date) => readonly DomainEvent[]
  /** Begins the cooldown, once the alerts are stored. */
  noteRaised: (alerts: readonly DomainEvent[]) => void
}>

type Options = Readonly<{ group: string; monotonicMs: () => number }>

export function createDeadLetterAlerts({ group, monotonicMs }: Options): DeadLetterAlerts {
  const quietUntilMs = new Map<string, number>()
  return {
    toEvents(kind, [letter], at) {
      if (letter === undefined || monotonicMs() < (quietUntilMs.get(kind) ?? Number.NEGATIVE_INFINITY)) return []
      return [toAlert(kind, { group, letter, at })]
    },
    noteRaised(alerts) {
      for (const { changes } of alerts) quietUntilMs.set(String(changes.alert?.after), monotonicMs() + COOLDOWN_MS)
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
      cause: { actor: ACTORS.events, requestId: event?.requestId ?? null, ip: null },
    },
    at,
  )
}
