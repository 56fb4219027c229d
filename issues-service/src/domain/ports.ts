import type { DomainEvent } from '@redress/shared/events/envelope.ts'

export type EventLog = Readonly<{ record(events: readonly DomainEvent[]): Promise<void> }>

export type CreateId = () => string
