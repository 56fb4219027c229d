import { readSchema } from '@redress/shared/subgraph/read-schema.ts'
import { describe, expect, it } from 'vitest'
import { AUDIT_ACTIONS, AUDIT_ENTITY_TYPES, toKnownAction, toKnownEntityType } from './audit-enums.ts'

const { definitions } = readSchema(new URL('../../schema.graphql', import.meta.url))
const valuesOf = (enumName: string) =>
  definitions
    .flatMap((node) => (node.kind === 'EnumTypeDefinition' && node.name.value === enumName ? (node.values ?? []) : []))
    .map(({ name }) => name.value)
    .sort()

describe('the enums of the record', () => {
  it('name every event and every type of entity of the catalogue', () => {
    expect(valuesOf('AuditAction')).toEqual(Object.keys(AUDIT_ACTIONS).sort())
    expect(valuesOf('AuditEntityType')).toEqual(Object.keys(AUDIT_ENTITY_TYPES).sort())
  })

  it('have OTHER for what another version recorded', () => {
    expect([toKnownAction('issue.created'), toKnownAction('issue.forgotten')]).toEqual(['issue.created', 'other'])
    expect([toKnownEntityType('BusinessRule'), toKnownEntityType('Robot')]).toEqual(['BusinessRule', 'other'])
  })
})
