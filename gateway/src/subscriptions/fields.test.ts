import { readFileSync } from 'node:fs'
import { Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { FIELD_NAMES, FIELDS, fieldsOf, STREAMS_OF_FIELDS } from './fields.ts'

const schema = parse(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
const subscription = schema.definitions.find(
  (definition) => definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === 'Subscription',
)
const declared = subscription?.kind === Kind.OBJECT_TYPE_DEFINITION ? (subscription.fields ?? []) : []

describe('the fields of subscriptions', () => {
  it('are those of the schema', () => {
    expect(declared.map(({ name }) => name.value).sort()).toEqual([...FIELD_NAMES].sort())
  })

  it.for([...FIELD_NAMES])('need the permission that the schema requires: %s', (field) => {
    const urn = declared
      .find(({ name }) => name.value === field)
      ?.directives?.find(({ name }) => name.value === 'permission')?.arguments?.[0]?.value

    expect(urn).toMatchObject({ value: `${FIELDS[field].permission}:*` })
  })

  it('have cursors with different letters', () => {
    const letters = Object.values(FIELDS).map(({ cursorLetter }) => cursorLetter)

    expect(new Set(letters).size).toBe(letters.length)
  })

  it('each belong to one of the streams that are followed', () => {
    expect(STREAMS_OF_FIELDS.flatMap(fieldsOf).sort()).toEqual([...FIELD_NAMES].sort())
  })
})
