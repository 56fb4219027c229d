import {
  type ConstDirectiveNode,
  type DocumentNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql'

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

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
  const types = new Map<string, Composite>()
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      types.set(definition.name.value, definition)
    }
  }

  const ownRequirement = (graph: string, type: Composite | undefined, fieldName: string): string => {
    const field = type?.fields?.find(({ name }) => name.value === fieldName)
    return applicationsIn(graph, field?.directives, 'join__field')
      .map((one) => textOf(one, 'requires') ?? '')
      .join(' ')
  }
  const implementations = (typeName: string) =>
    [...types.values()].filter(({ interfaces }) => interfaces?.some(({ name }) => name.value === typeName))

  return {
    keysOf(service, typeName) {
      const type = types.get(typeName)
      const candidates = [type, ...(type?.interfaces ?? []).map(({ name }) => types.get(name.value))]
      const graph = graphs.get(service)
      const found = candidates.flatMap((one) => applicationsIn(graph, one?.directives, 'join__type'))
      return found.flatMap((one) => {
        const key = textOf(one, 'key')
        return key === null ? [] : [parseSelection(key)]
      })
    },
    requirementOf(service, typeName, fieldName) {
      const graph = graphs.get(service) ?? ''
      const candidates = [types.get(typeName), ...implementations(typeName)]
      const found = candidates.map((type) => ownRequirement(graph, type, fieldName).trim())
      return [...new Set(found)].join(' ').trim()
    },
  }
}

export function parseSelection(text: string): SelectionSetNode {
  const [definition] = parse(`{${text}}`, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is not a selection.')
  return definition.selectionSet
}

/** The name of each subgraph in `join__Graph` by its name in plans. */
function readGraphs({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const graphs = new Map<string, string>()
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    for (const { name, directives } of definition.values ?? []) {
      const graph = directives?.find((one) => one.name.value === 'join__graph')
      const service = graph && textOf(graph, 'name')
      if (service) graphs.set(service, name.value)
    }
  }
  return graphs
}

function applicationsIn(
  graph: string | undefined,
  directives: readonly ConstDirectiveNode[] | undefined,
  name: string,
): readonly ConstDirectiveNode[] {
  return (directives ?? []).filter((directive) => {
    const given = directive.arguments?.find((argument) => argument.name.value === 'graph')?.value
    return directive.name.value === name && given?.kind === Kind.ENUM && given.value === graph
  })
}

function textOf(directive: ConstDirectiveNode, argument: string): string | null {
  const given = directive.arguments?.find(({ name }) => name.value === argument)?.value
  return given?.kind === Kind.STRING ? given.value : null
}
