import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
  import: ["@key", "@shareable", "@external", "@requires", "@provides"])`

/** A graph with what our own schema lacks: interfaces, lists of lists, computed fields, several keys. */
const SUBGRAPHS = {
  catalog: `${LINK}
    interface Item @key(fields: "id") { id: ID! name: String tags: [[String]] maker: Maker related: [Item] }
    type Book implements Item @key(fields: "id") { id: ID! name: String tags: [[String]] maker: Maker related: [Item] pages: Int! weight: Int }
    type Film implements Item @key(fields: "id") { id: ID! name: String tags: [[String]] maker: Maker related: [Item] minutes: Int weight: Int }
    type Maker @key(fields: "id") @key(fields: "code") { id: ID! code: String! name: String! items: [Item!] shelf: [[Item!]] }
    union Thing = Book | Film | Maker
    type Query { item(id: ID!): Item items(first: Int): [Item!]! thing: Thing things: [Thing] maker: Maker! }
    type Mutation { rename(id: ID!, name: String!): Item touch: Maker }`,
  stock: `${LINK}
    type Book @key(fields: "id") { id: ID! weight: Int @external shipping: Float @requires(fields: "weight") left: Int! }
    type Film @key(fields: "id") { id: ID! weight: Int @external maker: Maker @external shipping: Float @requires(fields: "weight maker { code }") left: Int! }
    type Maker @key(fields: "code") { code: String! id: ID! @external stores: [Store!] }
    type Store @key(fields: "city") { city: String! open: Boolean boss: Maker @provides(fields: "id") }
    type Query { store: Store stores: [Store] }
    type Mutation { restock(city: String!): Store! }`,
  reviews: `${LINK}
    type Book @key(fields: "id") { id: ID! score: Float reviews: [Review!]! }
    type Film @key(fields: "id") { id: ID! score: Float reviews: [Review!] }
    union Reviewed = Book | Film
    type Review @key(fields: "id") { id: ID! stars: Int! text: String of: Reviewed by: Person! }
    type Person @shareable { name: String! }
    type Store @key(fields: "city") { city: String! rating: Rating }
    enum Rating { GOOD BAD }
    type Query { review(id: ID!): Review latest: [Review!] }`,
}

export function composeRichGraph(): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(SUBGRAPHS).map(([name, sdl]) => ({ name, url: `http://${name}/graphql`, typeDefs: parse(sdl) })),
  )
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join('\n'))
  return supergraphSdl
}
