import { newEvent } from './catalogue.ts'
import type { EntityType } from './entity-types.ts'
import { asNew, type Cause, type DomainEvent } from './envelope.ts'

export type Alert = Readonly<{
  /** Derived from what happened, so that raising it twice is the same as once. */
  id: string
  /** Such as `POLICY_REFUSED`. */
  type: string
  severity: 'CRITICAL' | 'WARNING' | 'INFO'
  /** One sentence, without anything personal. */
  message: string
  /** The measured value, and the threshold that it has passed. */
  measured?: Readonly<{ value: number; threshold: number }>
  entity: Readonly<{ type: EntityType; id: string }>
  cause: Cause
}>

/** The event of something that a person has to look at. */
export function alertEvent({ id, type, severity, message, measured, entity, cause }: Alert, now: Date): DomainEvent {
  return newEvent('alert.raised', {
    id: idOf(id),
    at: now,
    cause,
    entity,
    changes: asNew({ alert: type, severity, message, ...measured }),
    data: { type, severity, message, ...measured },
  })
}

/** The event of its end: `id` is that of the alert, `message` says what ended it. */
export function alertResolvedEvent(resolved: Omit<Alert, 'severity'>, now: Date): DomainEvent {
  const { id, type, message, measured, entity, cause } = resolved
  return newEvent('alert.resolved', {
    id: `${idOf(id)}-resolved`,
    at: now,
    cause,
    entity,
    changes: asNew({ alert: type, message, ...measured }),
    data: { type, raised: idOf(id), message, ...measured },
  })
}

const idOf = (id: string) => `alert-${id}`
