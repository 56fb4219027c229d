import type { GraphQLSchema } from 'graphql'
import { type LoadedSupergraph, loadSupergraph } from '../execution/planning/supergraph.ts'
import type { PlanEnvironment } from '../execution/steps/compile-plan.ts'
import { createLocalSource, type LocalRoot } from '../execution/subgraphs/local-source.ts'
import type { SubgraphSource } from '../execution/subgraphs/subgraph-source.ts'
import { type CostModel, createCostModel } from './limits/cost-model.ts'
import { type FieldPermissions, readPermissions } from './permissions.ts'
import { type FieldRateGroups, readRateGroups } from './rate-groups.ts'

/** A supergraph ready to answer with: the sources of its fields, and what each field needs. */
export type Graph = Readonly<{
  schema: GraphQLSchema
  supergraph: LoadedSupergraph
  environment: PlanEnvironment
  permissions: FieldPermissions
  rateGroups: FieldRateGroups
  costs: CostModel
}>

export type GraphSources = Readonly<{
  /** How to ask a subgraph. */
  sourceOf: (name: string, url: string) => SubgraphSource
  /** What the gateway answers itself. */
  local: LocalRoot
}>

/** The address of a subgraph that no process answers for. */
const LOCAL = 'local:'

/** @throws when the text is no usable supergraph. */
export function createGraph(text: string, { sourceOf, local }: GraphSources): Graph {
  const supergraph = loadSupergraph(text)
  const { schema, superSchema, types, urls, schemaOf } = supergraph
  const sources = Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [
      name,
      url.startsWith(LOCAL) ? createLocalSource(schemaOf(name), local) : sourceOf(name, url),
    ]),
  )
  return {
    schema,
    supergraph,
    environment: { sources, types },
    permissions: readPermissions(superSchema),
    rateGroups: readRateGroups(superSchema),
    costs: createCostModel(schema, text),
  }
}
