import { EVENTS } from '@redress/shared/events/catalogue.ts'
import { ENTITY_TYPES } from '@redress/shared/events/entity-types.ts'
import { STREAMS } from '@redress/shared/events/envelope.ts'

/** Stands for what another version recorded, so that its entry can still be read. */
const OTHER = 'other'

/** The names of the schema, each with the value that entries have: `ISSUE_CREATED` is `issue.created`. */
export const AUDIT_ACTIONS = toEnum(
  Object.entries(EVENTS).flatMap(([type, { stream }]) => (stream === STREAMS.jobs ? [] : [type])),
)
export const AUDIT_ENTITY_TYPES = toEnum(ENTITY_TYPES)

function toEnum(values: readonly string[]): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(values.map((value) => [toName(value), value])), OTHER }
}

/** `BusinessRule` and `rule.changed` as the schema writes them. */
function toName(value: string): string {
  return value
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replace('.', '_')
    .toUpperCase()
}

const knownActions: ReadonlySet<string> = new Set(Object.values(AUDIT_ACTIONS))
const knownTypes: ReadonlySet<string> = new Set(Object.values(AUDIT_ENTITY_TYPES))

export const toKnownAction = (action: string) => (knownActions.has(action) ? action : OTHER)
export const toKnownEntityType = (type: string) => (knownTypes.has(type) ? type : OTHER)
