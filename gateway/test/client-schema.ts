import { readFileSync } from 'node:fs'
import { Supergraph } from '@apollo/federation-internals'
import type { GraphQLSchema } from 'graphql'

export const SUPERGRAPH = new URL('../supergraph.graphql', import.meta.url)

/** The schema that clients see, made as the gateway makes it: without the directives of the supergraph. */
export function readClientSchema(): { schema: GraphQLSchema; supergraph: string } {
  const supergraph = readFileSync(SUPERGRAPH, 'utf8')
  return { schema: Supergraph.build(supergraph).apiSchema().toGraphQLJSSchema(), supergraph }
}
