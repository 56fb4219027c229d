import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { readRateGroups } from './rate-groups.ts'

const schema = buildSchema(`
  directive @rateLimit(group: String, max: Int) on FIELD_DEFINITION
  type Query { issues: Int jobTitle: Int queues: Int @rateLimit(group: "queues") foreign: Int @rateLimit(max: 5) }
  type Mutation { retry: Int @rateLimit(group: "queues") other: Int @rateLimit(group: "somewhere") }
`)

describe('a root field', () => {
  const groupOf = readRateGroups(schema)

  it.for<['Query' | 'Mutation', string, string | null]>([
    ['Query', 'queues', 'queues'],
    ['Mutation', 'retry', 'queues'],
    ['Query', 'issues', null],
    ['Query', 'jobTitle', null],
    ['Query', 'foreign', null],
    ['Mutation', 'other', null],
  ])('%s.%s counts for the group %s beside the general one', ([type, field, group]) => {
    expect(groupOf(schema.getType(type) as never, field)).toBe(group)
  })

  it('of a schema without the directive counts for no group', () => {
    const plain = buildSchema('type Query { queues: Int }')

    expect(readRateGroups(plain)(plain.getQueryType()!, 'queues')).toBeNull()
  })
})
