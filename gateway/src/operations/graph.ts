import type { GraphQLSchema } from 'graphql'
import type { PlanEnvironment } from '../execution/compile-plan.ts'
import type { SubgraphSource } from '../execution/subgraph-source.ts'
import { type LoadedSupergraph, loadSupergraph } from '../execution/supergraph.ts'
import { type FieldPermissions, readPermissions } from './permissions.ts'

/** A supergraph ready to answer with: the sources of its fields, and what each field needs. */
export type Graph = Readonly<{
  schema: GraphQLSchema
  supergraph: LoadedSupergraph
  environment: PlanEnvironment
  permissions: FieldPermissions
}>

/** @param sourceOf finds how to ask a subgraph. @throws when the text is no usable supergraph. */
export function createGraph(text: string, sourceOf: (name: string, url: string) => SubgraphSource): Graph {
  const supergraph = loadSupergraph(text)
  const { schema, types, urls } = supergraph
  const sources = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, sourceOf(name, url)]))
  return { schema, supergraph, environment: { sources, types }, permissions: readPermissions(schema) }
}
