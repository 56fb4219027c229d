import { asNew, type DomainEvent } from '@redress/shared/events/envelope.ts'

type Alert = Readonly<{
  /** Says what happened, so that saying it twice is the same as once. */
  id: string
  /** Such as `POLICY_REFUSED`: what kind of thing needs a person's eye. */
  type: string
  severity: 'CRITICAL' | 'WARNING' | 'INFO'
  /** One sentence, without anything personal. */
  message: string
  entity: Readonly<{ type: string; id: string }>
  actor: string
}>

/** Something that needs a person's eye, for the record. */
export function alertEvent({ id, type, severity, message, entity, actor }: Alert, now: Date): DomainEvent {
  return {
    id: `alert-${id}`,
    type: 'alert.raised',
    at: now.toISOString(),
    actor,
    requestId: null,
    ip: null,
    entity,
    changes: asNew({ alert: type, severity, message }),
    data: { type, severity, message },
  }
}
