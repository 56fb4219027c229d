import { type DocumentNode, Kind } from 'graphql'
import {
  applicationsIn,
  applicationsOf,
  type Composite,
  compositesOf,
  flagOf,
  graphIn,
  implementationsOf,
  readGraphs,
  textOf,
} from './join-directives.ts'
import { type Computed, withTwin } from './twin-graph.ts'

/** A service that stands for a subgraph in plans: it has object types in place of an interface of the subgraph. */
export type Twin = Readonly<{
  /** The name of the subgraph. */
  service: string
  /** The name of the interface. */
  typeName: string
  /** The object types that implement it. */
  members: ReadonlySet<string>
}>

export type WithTwins = Readonly<{
  document: DocumentNode
  /** By the name of the service that stands for a subgraph. */
  twins: ReadonlyMap<string, Twin>
}>

/**
 * Moves each field of an interface object that has a `@requires` to the object types that implement the interface, in a
 * copy of the subgraph of their own. Where such a field meets a condition on the type, or another `@requires`, the planner
 * fails, or never ends; fields of object types it plans.
 */
export function addTwins(supergraph: DocumentNode): WithTwins {
  const services = new Map([...readGraphs(supergraph)].map(([service, graph]) => [graph, service]))
  const types = compositesOf(supergraph)
  const twins = new Map<string, Twin>()
  let document = supergraph
  for (const computed of [...types.values()].flatMap(computedFieldsOf)) {
    const typeName = computed.type.name.value
    const objects = implementationsOf(types, typeName).filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION)
    const members = new Set(objects.map(({ name }) => name.value))
    const service = services.get(computed.graph)!
    const twin = { graph: `${computed.graph}__FOR_${twins.size}`, service: `${service}__for__${typeName}` }
    twins.set(twin.service, { service, typeName, members })
    document = withTwin(document, computed, { ...twin, members })
  }
  return { document, twins }
}

function computedFieldsOf(type: Composite): readonly Computed[] {
  if (type.kind !== Kind.INTERFACE_TYPE_DEFINITION) return []
  return applicationsOf('join__type', type).flatMap((application): Computed[] => {
    const graph = graphIn(application)
    if (graph === undefined || !flagOf(application, 'isInterfaceObject')) return []
    const fields = (type.fields ?? []).filter((field) =>
      applicationsIn(graph, 'join__field', field).some((one) => textOf(one, 'requires') !== null),
    )
    return fields.length === 0 ? [] : [{ graph, type, fields }]
  })
}
