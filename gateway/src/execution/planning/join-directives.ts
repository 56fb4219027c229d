import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql'

/** A type of a supergraph that has fields. */
export type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

type Directed = Readonly<{ directives?: readonly ConstDirectiveNode[] | undefined }>

export function isComposite(definition: DocumentNode['definitions'][number]): definition is Composite {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
}

/** The types of a supergraph that have fields, by name. */
export function compositesOf({ definitions }: DocumentNode): Map<string, Composite> {
  return new Map(definitions.filter(isComposite).map((type) => [type.name.value, type]))
}

/** The supergraph with other definitions of its types that have fields. */
export function withComposites(document: DocumentNode, types: ReadonlyMap<string, Composite>): DocumentNode {
  const definitions = document.definitions.map((one) => (isComposite(one) ? types.get(one.name.value)! : one))
  return { ...document, definitions }
}

export function implementationsOf(types: ReadonlyMap<string, Composite>, typeName: string): readonly Composite[] {
  return [...types.values()].filter(({ interfaces }) => interfaces?.some(({ name }) => name.value === typeName))
}

/** The applications of a directive, of which there is one for each subgraph that an element is in. */
export function applicationsOf(name: string, { directives = [] }: Directed): readonly ConstDirectiveNode[] {
  return directives.filter((directive) => directive.name.value === name)
}

/** The applications for one subgraph, by its name in `join__Graph`. */
export function applicationsIn(graph: string | undefined, name: string, element: Directed | undefined) {
  return applicationsOf(name, element ?? {}).filter((directive) => graphIn(directive) === graph)
}

/** The subgraph that an application is for; undefined if it is for none. */
export function graphIn(directive: ConstDirectiveNode): string | undefined {
  const given = argumentOf(directive, 'graph')
  return given?.kind === Kind.ENUM ? given.value : undefined
}

export function textOf(directive: ConstDirectiveNode, argument: string): string | null {
  const given = argumentOf(directive, argument)
  return given?.kind === Kind.STRING ? given.value : null
}

/** A boolean argument; undefined if it is not given. */
export function flagOf(directive: ConstDirectiveNode, argument: string): boolean | undefined {
  const given = argumentOf(directive, argument)
  return given?.kind === Kind.BOOLEAN ? given.value : undefined
}

/** The directive with another value of an argument. */
export function withArgument(directive: ConstDirectiveNode, name: string, value: ConstValueNode): ConstDirectiveNode {
  const others = (directive.arguments ?? []).filter((argument) => argument.name.value !== name)
  return {
    ...directive,
    arguments: [...others, { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value }],
  }
}

function argumentOf(directive: ConstDirectiveNode, argument: string) {
  return directive.arguments?.find(({ name }) => name.value === argument)?.value
}

/** The name of each subgraph in `join__Graph` by its name in plans. */
export function readGraphs({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const graphs = new Map<string, string>()
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    for (const value of definition.values ?? []) {
      const [graph] = applicationsOf('join__graph', value)
      const service = graph && textOf(graph, 'name')
      if (service) graphs.set(service, value.name.value)
    }
  }
  return graphs
}

export function parseSelection(text: string): SelectionSetNode {
  const [definition] = parse(`{${text}}`, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is not a selection.')
  return definition.selectionSet
}
