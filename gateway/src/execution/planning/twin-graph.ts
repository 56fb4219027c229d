import {
  type ConstDirectiveNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql'
import {
  applicationsIn,
  applicationsOf,
  type Composite,
  graphIn,
  isComposite,
  parseSelection,
  textOf,
  withArgument,
} from './join-directives.ts'

/** Fields of an interface that a subgraph, which knows it as an object only, computes from other fields. */
export type Computed = Readonly<{
  graph: string
  type: InterfaceTypeDefinitionNode
  fields: readonly FieldDefinitionNode[]
}>

type Definition = DocumentNode['definitions'][number]
type TwinGraph = Readonly<{ graph: string; service: string; members: ReadonlySet<string> }>

/** Adds a copy of a subgraph, with computed fields of an interface moved to the object types that implement it. */
export function withTwin(supergraph: DocumentNode, computed: Computed, twin: TwinGraph): DocumentNode {
  const roots = rootTypesOf(supergraph)
  const copy = <Node extends Definition>(node: Node) => copied(node, computed.graph, twin)
  const definitions = supergraph.definitions.map((definition) => {
    if (!isComposite(definition))
      return isGraphs(definition) ? withGraph(definition, computed.graph, twin) : copy(definition)
    const name = definition.name.value
    if (twin.members.has(name)) return asMember(definition, computed, twin)
    // Fields of a root type are asked of the subgraph itself.
    if (roots.has(name)) return withCopies(definition, computed.graph, twin)
    return copy(name === computed.type.name.value ? withoutComputed(definition, computed) : definition)
  })
  return { ...supergraph, definitions }
}

function isGraphs(definition: Definition): definition is EnumTypeDefinitionNode {
  return definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph'
}

function rootTypesOf({ definitions }: DocumentNode): ReadonlySet<string> {
  const schemas = definitions.filter((one) => one.kind === Kind.SCHEMA_DEFINITION)
  return new Set(schemas.flatMap(({ operationTypes }) => operationTypes.map(({ type }) => type.name.value)))
}

function withGraph(graphs: EnumTypeDefinitionNode, graph: string, twin: TwinGraph): EnumTypeDefinitionNode {
  const original = graphs.values?.find(({ name }) => name.value === graph)
  if (original === undefined) return graphs
  const value = { kind: Kind.STRING, value: twin.service } as const
  const directives = original.directives?.map((one) => withArgument(one, 'name', value)) ?? []
  const added = { ...original, name: { kind: Kind.NAME, value: twin.graph } as const, directives }
  return { ...graphs, values: [...(graphs.values ?? []), added] }
}

/** A definition that is in the twin as it is in the subgraph. */
function copied<Node extends Definition>(definition: Node, graph: string, twin: TwinGraph): Node {
  const copy = <Inner extends Directed>(node: Inner): Inner => withCopies(node, graph, twin)
  return visit(definition, {
    ObjectTypeDefinition: { leave: copy },
    InterfaceTypeDefinition: { leave: copy },
    UnionTypeDefinition: { leave: copy },
    EnumTypeDefinition: { leave: copy },
    ScalarTypeDefinition: { leave: copy },
    InputObjectTypeDefinition: { leave: copy },
    FieldDefinition: { leave: copy },
    EnumValueDefinition: { leave: copy },
    InputValueDefinition: { leave: copy },
  })
}

type Directed = Readonly<{ directives?: readonly ConstDirectiveNode[] | undefined }>

function withCopies<Node extends Directed>(node: Node, graph: string, twin: TwinGraph): Node {
  const copies = (node.directives ?? [])
    .filter((one) => one.name.value.startsWith('join__') && graphIn(one) === graph)
    .map((one) => inGraph(one, twin.graph))
    // Only the keys of the members lead into the twin, so that the planner has no second way to all else.
    .map((one) =>
      one.name.value === 'join__type' && textOf(one, 'key') !== null ? withArgument(one, 'resolvable', NO) : one,
    )
  return copies.length === 0 ? node : { ...node, directives: [...node.directives!, ...copies] }
}

const NO = { kind: Kind.BOOLEAN, value: false } as const

function inGraph(directive: ConstDirectiveNode, graph: string): ConstDirectiveNode {
  return withArgument(directive, 'graph', { kind: Kind.ENUM, value: graph })
}

const JOIN_FIELD: ConstDirectiveNode = { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'join__field' } }

function withoutComputed<Type extends Composite>(type: Type, { graph, fields }: Computed): Type {
  const names = new Set(fields.map(({ name }) => name.value))
  const kept = type.fields?.map((field) => {
    if (!names.has(field.name.value)) return field
    const gone = applicationsIn(graph, 'join__field', field)
    const directives = (field.directives ?? []).filter((one) => !gone.includes(one))
    // Without any application, a field is in each subgraph of its type.
    return {
      ...field,
      directives: applicationsOf('join__field', { directives }).length > 0 ? directives : [...directives, JOIN_FIELD],
    }
  })
  return { ...type, ...(kept && { fields: kept }) }
}

/** An object type as the subgraph would define it: with the keys of the interface, and with what its fields require. */
function asMember<Type extends Composite>(member: Type, { graph, type, fields }: Computed, twin: TwinGraph): Type {
  const keys = applicationsIn(graph, 'join__type', type)
  const computed = new Set(fields.map(({ name }) => name.value))
  const requirements = fields.flatMap((field) => applicationsIn(graph, 'join__field', field))
  const needed = new Set([
    ...computed,
    ...keys.flatMap((key) => namesIn(textOf(key, 'key'))),
    ...requirements.flatMap((one) => namesIn(textOf(one, 'requires'))),
  ])
  const known = new Set(applicationsOf('join__type', member).map(graphIn))
  const withField = (field: FieldDefinitionNode): FieldDefinitionNode => {
    const own = applicationsOf('join__field', field)
    const explicit = own.length > 0 ? [] : [...known].map((one) => inGraph(JOIN_FIELD, one!))
    const source = type.fields?.find(({ name }) => name.value === field.name.value)
    const found = applicationsIn(graph, 'join__field', source)
    const added = needed.has(field.name.value) ? (found.length > 0 ? found : [JOIN_FIELD]) : []
    const others = (field.directives ?? []).filter((one) => !own.includes(one))
    const kept = own.filter((one) => graphIn(one) !== undefined || added.length === 0)
    return { ...field, directives: [...others, ...kept, ...explicit, ...added.map((one) => inGraph(one, twin.graph))] }
  }
  const added = keys.map((key) => inGraph(withArgument(key, 'isInterfaceObject', NO), twin.graph))
  return {
    ...member,
    directives: [...(member.directives ?? []), ...added],
    ...(member.fields && { fields: member.fields.map(withField) }),
  }
}

/** The outermost fields of a selection. */
function namesIn(text: string | null): readonly string[] {
  const visitSelections = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((one) => {
      if (one.kind === Kind.FIELD) return [one.name.value]
      return one.kind === Kind.INLINE_FRAGMENT ? visitSelections(one.selectionSet) : []
    })
  return text === null ? [] : visitSelections(parseSelection(text))
}
