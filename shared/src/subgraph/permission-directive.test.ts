import { buildSubgraphSchema } from '@apollo/subgraph'
import { graphql, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Principal } from '../access/permissions.ts'
import { enforcePermissions } from './permission-directive.ts'

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  directive @permission(urn: String!) on FIELD_DEFINITION | OBJECT
  type Issue @key(fields: "id") @permission(urn: "issue:read:*") {
    id: ID!
    trail: String @permission(urn: "audit:read:*")
  }
  type Note @key(fields: "id") { id: ID! }
  type Query {
    issue: Issue @permission(urn: "issue:read:*")
    open: String
    must: String! @permission(urn: "audit:read:*")
  }
`)
const resolved: string[] = []
const resolvers = {
  Query: { issue: () => ({ id: 'iss_1', trail: 'kept' }), open: () => 'open', must: () => resolved.push('must') },
  Issue: { __resolveReference: ({ id }: { id: string }) => ({ id, trail: 'kept' }) },
  Note: { __resolveReference: ({ id }: { id: string }) => ({ id }) },
}
const schema = enforcePermissions(buildSubgraphSchema([{ typeDefs, resolvers }]))
const as = (...roles: Principal['roles']): Principal => ({ id: 'ada', roles, customerId: null, tenant: 'default' })

const execute = async (source: string, principal: Principal) => {
  const { data, errors = [] } = await graphql({ schema, source, contextValue: { principal } })
  const refused = errors.map(({ path, originalError }) => [
    path?.join('.'),
    (originalError as { code?: string } | undefined)?.code,
  ])
  return { data: JSON.parse(JSON.stringify(data)), refused }
}

describe('a field with a permission', () => {
  it('is answered with the permission', async () => {
    expect(await execute('{ issue { id trail } must }', as('admin'))).toEqual({
      data: { issue: { id: 'iss_1', trail: 'kept' }, must: '1' },
      refused: [],
    })
  })

  it('is null for others, and its neighbours are answered', async () => {
    expect(await execute('{ issue { id trail } open }', as('read_only'))).toEqual({
      data: { issue: { id: 'iss_1', trail: null }, open: 'open' },
      refused: [['issue.trail', 'FORBIDDEN']],
    })
  })

  it('is refused by another name as well', async () => {
    expect(await execute('{ innocent: issue { id } }', as('monitoring'))).toMatchObject({
      data: { innocent: null },
      refused: [['innocent', 'FORBIDDEN']],
    })
  })

  it('is not even resolved without the permission', async () => {
    resolved.length = 0

    await execute('{ must }', as())

    expect(resolved).toEqual([])
  })
})

describe('an entity with a permission', () => {
  const ENTITIES = `{ _entities(representations: [{ __typename: "Issue", id: "1" }, { __typename: "Note", id: "2" }]) {
    ... on Issue { id } ... on Note { id } } }`

  it('is found with the permission', async () => {
    expect(await execute(ENTITIES, as('read_only'))).toEqual({
      data: { _entities: [{ id: '1' }, { id: '2' }] },
      refused: [],
    })
  })

  it('is null for others, and its neighbours are found', async () => {
    expect(await execute(ENTITIES, as('monitoring'))).toEqual({
      data: { _entities: [null, { id: '2' }] },
      refused: [['_entities.0', 'FORBIDDEN']],
    })
  })
})
