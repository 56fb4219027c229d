import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { anyCharacter } from '@redress/shared/testing/any-character.ts'
import fc from 'fast-check'

/** The event that an issue makes at its `version`. */
export function issueEvent(issueId: string, version: number, given: Partial<DomainEvent> = {}): DomainEvent {
  return {
    id: `${issueId}-${version}`,
    type: version === 1 ? 'issue.created' : 'issue.status_changed',
    at: new Date(Date.UTC(2030, 0, 1, 0, 0, version)).toISOString(),
    actor: 'ada',
    requestId: 'req-1',
    ip: '192.0.2.1',
    tenant: 'default',
    entity: { type: 'Issue', id: issueId },
    changes: { status: { before: version === 1 ? null : 'PENDING', after: 'PROCESSING' } },
    data: { hint: 'for consumers only' },
    ...given,
  }
}

export function issueEvents(issueId: string, count: number): DomainEvent[] {
  return Array.from({ length: count }, (_, index) => issueEvent(issueId, index + 1))
}

const text = fc.string({ minLength: 1, unit: anyCharacter })

/** Any event that a service could send, each with an id of its own. */
export const anyEvents: fc.Arbitrary<DomainEvent[]> = fc.uniqueArray(
  fc.record({
    id: text,
    type: text,
    at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((at) => at.toISOString()),
    actor: text,
    requestId: fc.option(text),
    ip: fc.option(fc.ipV4()),
    tenant: fc.constantFrom('default', 'acme'),
    entity: fc.record({ type: text, id: text }),
    changes: fc.dictionary(text, fc.record({ before: fc.jsonValue(), after: fc.jsonValue() })),
    data: fc.constant({}),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 12 },
)
