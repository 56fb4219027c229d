import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Row } from '../src/execution/json.ts'
import type { OperationContext } from '../src/execution/operation-context.ts'
import type { SubgraphSource } from '../src/execution/subgraphs/subgraph-source.ts'
import { prepareDocument } from '../src/operations/documents/prepare-document.ts'
import { createGraph } from '../src/operations/graph.ts'
import { planInProcess } from './plan-in-process.ts'

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])`

const SHOP = `${LINK}
  type Query { ware: Ware }
  type Ware @key(fields: "id") { id: ID! price(currency: String!): Int group: Group }
  type Group { average(currency: String!): Int }`
const POST = `${LINK}
  type Ware @key(fields: "id") {
    id: ID!
    price(currency: String!): Int @external
    group: Group @external
    dollars: Int @requires(fields: "price(currency: \\"USD\\")")
    euros: Int @requires(fields: "price(currency: \\"EUR\\")")
    isDear: Boolean @requires(fields: "group { average(currency: \\"USD\\") }")
  }
  type Group @external { average(currency: String!): Int }`

const { supergraphSdl } = composeServices([
  { name: 'shop', url: 'http://shop', typeDefs: parse(SHOP) },
  { name: 'post', url: 'http://post', typeDefs: parse(POST) },
])

/** A shop with one ware, of 10 dollars or 9 euros, and a post office that tells what it was told. */
const SOURCES: Readonly<Record<string, SubgraphSource>> = {
  async shop({ query }) {
    const ware: Row = { __typename: 'Ware', id: 'w1' }
    for (const [, key = 'price', currency] of query.matchAll(/(\w+):price\(currency:"(\w+)"\)/g)) {
      ware[key] = currency === 'USD' ? 10 : 9
    }
    for (const [, key = ''] of query.matchAll(/(\w+):average\(currency:"USD"\)/g)) ware.group = { [key]: 12 }
    return { data: { ware }, errors: [], isPlain: true }
  },
  async post({ query }, variables) {
    const { representations } = JSON.parse(variables) as { representations: { price: number; group: Row }[] }
    const entities = representations.map(({ price, group }) => ({
      ...(query.includes('dollars') && { dollars: price }),
      ...(query.includes('euros') && { euros: price }),
      ...(query.includes('isDear') && { isDear: (group.average as number) > 11 }),
    }))
    return { data: { _entities: entities }, errors: [], isPlain: true }
  },
}

async function ask(query: string) {
  const graph = createGraph(supergraphSdl!, {
    sourceOf: (name) => SOURCES[name]!,
    local: () => ({}),
    openPlanner: planInProcess,
  })
  const run = await prepareDocument(query, null, { graph, hideSuggestions: false }).runFor(
    {
      id: 'ada',
      roles: [],
      customerId: null,
      tenant: 'default',
    },
    {},
  )
  const { data, errors } = await run({ variables: {}, coerced: {}, context: {} as OperationContext })
  return { data: JSON.parse(data), errors }
}

describe('a field that is computed from another with arguments', () => {
  it('is told the value for its own arguments, whatever the client asks for beside it', async () => {
    const answer = await ask('{ ware { price: price(currency: "EUR") dollars } }')

    expect(answer).toEqual({ data: { ware: { price: 9, dollars: 10 } }, errors: [] })
  })

  it('shares its object with one that needs the same field with other arguments', async () => {
    const answer = await ask('{ ware { dollars euros isDear } }')

    expect(answer).toEqual({ data: { ware: { dollars: 10, euros: 9, isDear: true } }, errors: [] })
  })
})
