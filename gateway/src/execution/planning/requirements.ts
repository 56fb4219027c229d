import type { DocumentNode, SelectionSetNode } from 'graphql'
import {
  applicationsIn,
  type Composite,
  compositesOf,
  implementationsOf,
  parseSelection,
  readGraphs,
  textOf,
} from './join-directives.ts'

/** The keys and the `@requires` of the types in each subgraph. */
export type Requirements = Readonly<{
  /** The keys by which a subgraph resolves a type, or an interface of the type. */
  keysOf: (service: string, typeName: string) => readonly SelectionSetNode[]
  /** The requirement of a field in a subgraph, as text; empty if it needs only a key. */
  requirementOf: (service: string, typeName: string, fieldName: string) => string
}>

/** Reads the keys and requirements of a supergraph. */
export function readRequirements(supergraph: DocumentNode): Requirements {
  const graphs = readGraphs(supergraph)
  const types = compositesOf(supergraph)

  const ownRequirement = (graph: string, type: Composite | undefined, fieldName: string): string => {
    const field = type?.fields?.find(({ name }) => name.value === fieldName)
    return applicationsIn(graph, 'join__field', field)
      .map((one) => textOf(one, 'requires') ?? '')
      .join(' ')
  }

  return {
    keysOf(service, typeName) {
      const type = types.get(typeName)
      const candidates = [type, ...(type?.interfaces ?? []).map(({ name }) => types.get(name.value))]
      const graph = graphs.get(service)
      const found = candidates.flatMap((one) => applicationsIn(graph, 'join__type', one))
      return found.flatMap((one) => {
        const key = textOf(one, 'key')
        return key === null ? [] : [parseSelection(key)]
      })
    },
    requirementOf(service, typeName, fieldName) {
      const graph = graphs.get(service) ?? ''
      const candidates = [types.get(typeName), ...implementationsOf(types, typeName)]
      const found = candidates.map((type) => ownRequirement(graph, type, fieldName).trim())
      return [...new Set(found)].join(' ').trim()
    },
  }
}
