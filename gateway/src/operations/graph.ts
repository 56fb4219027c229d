import type { GraphQLSchema } from 'graphql'
import type { OpenPlanner, PlanOperation } from '../execution/planning/planning.ts'
import { type LoadedSupergraph, loadSupergraph } from '../execution/planning/supergraph.ts'
import type { PlanEnvironment } from '../execution/steps/compile-plan.ts'
import { createLocalSource, type LocalRoot } from '../execution/subgraphs/local-source.ts'
import type { SubgraphSource } from '../execution/subgraphs/subgraph-source.ts'
import { type CostModel, createCostModel } from './limits/cost-model.ts'
import { type FieldPermissions, readPermissions } from './permissions.ts'
import { type FieldRateGroups, readRateGroups } from './rate-groups.ts'

/** A loaded supergraph: its schema, the sources of its subgraphs, and the rules of its fields. */
export type Graph = Readonly<{
  schema: GraphQLSchema
  supergraph: LoadedSupergraph
  plan: PlanOperation
  environment: PlanEnvironment
  permissions: FieldPermissions
  rateGroups: FieldRateGroups
  costs: CostModel
}>

export type GraphSources = Readonly<{
  /** How to call a subgraph. */
  sourceOf: (name: string, url: string) => SubgraphSource
  /** The root fields that the gateway answers itself. */
  local: LocalRoot
  openPlanner: OpenPlanner
}>

/** The address of the subgraph that the gateway answers itself. */
const LOCAL = 'local:'

/** @throws if the text is not a usable supergraph. */
export function createGraph(text: string, { sourceOf, local, openPlanner }: GraphSources): Graph {
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
    plan: openPlanner(text),
    environment: { sources, types },
    permissions: readPermissions(superSchema),
    rateGroups: readRateGroups(superSchema),
    costs: createCostModel(schema, text),
  }
}
