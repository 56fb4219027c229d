import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLFormattedError,
  GraphQLNonNull,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLString,
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { type Row, readerOf } from '../json.ts'
import type { PlannedKey } from '../planning/planned-keys.ts'

/** One field of the answer. */
export type SelectedField = Readonly<{
  key: string
  name: string
  /** The key under which it was fetched. */
  source: string
  read: (row: Row) => unknown
  type: GraphQLOutputType
  /** Type and key, for messages. */
  coordinate: string
  /** The error in place of a value; null for a field that is fetched. */
  refusal: GraphQLFormattedError | null
  /** The selection below; null for a leaf. */
  below: Selection | null
  nodes: readonly FieldNode[]
}>

/** The selected fields of an object, for each type that it may have. */
export type Selection = Readonly<{
  type: GraphQLCompositeType
  fieldsOf: (type: GraphQLCompositeType) => readonly SelectedField[]
}>

/** Why a field of these nodes, which have one key, is not fetched; null if it is. */
export type RefusalAt = (parent: GraphQLCompositeType, nodes: readonly FieldNode[]) => GraphQLFormattedError | null

export type SelectionRules = Readonly<{
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Values of the variables that `@skip` and `@include` depend on. */
  conditions: Readonly<Record<string, unknown>>
  refusalAt: RefusalAt
  plannedKey: PlannedKey
}>

/** The selection of an operation, with fragments and conditions resolved. */
export function createSelection(
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  rules: SelectionRules,
): Selection {
  const known = new Map<GraphQLCompositeType, readonly SelectedField[]>()
  return {
    type,
    fieldsOf(actual) {
      const found = known.get(actual) ?? selectFields(actual, selectionSets, rules)
      known.set(actual, found)
      return found
    },
  }
}

function selectFields(
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  rules: SelectionRules,
): readonly SelectedField[] {
  const nodesByKey = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  for (const selectionSet of selectionSets) collect(type, selectionSet, { ...rules, nodesByKey, visited })
  return [...nodesByKey].map(([key, nodes]) => toField(type, key, nodes, rules))
}

type Collecting = SelectionRules & Readonly<{ nodesByKey: Map<string, FieldNode[]>; visited: Set<string> }>

function collect(type: GraphQLCompositeType, { selections }: SelectionSetNode, collecting: Collecting): void {
  const { nodesByKey, visited, fragments, conditions } = collecting
  for (const selection of selections) {
    if (isLeftOut(selection.directives ?? [], conditions)) continue
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value
      const nodes = nodesByKey.get(key)
      if (nodes) nodes.push(selection)
      else nodesByKey.set(key, [selection])
      continue
    }
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      if (visited.has(selection.name.value)) continue
      visited.add(selection.name.value)
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    if (fragment && applies(type, fragment.typeCondition?.name.value, collecting.schema)) {
      collect(type, fragment.selectionSet, collecting)
    }
  }
}

/** Whether a `@skip` or `@include` leaves out what has these directives. */
export function isLeftOut(
  directives: readonly DirectiveNode[],
  conditions: Readonly<Record<string, unknown>>,
): boolean {
  return directives.some(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') return false
    const value = given?.[0]?.value
    const isTrue =
      value?.kind === Kind.VARIABLE
        ? conditions[value.name.value] === true
        : value?.kind === Kind.BOOLEAN && value.value
    return isTrue === (name.value === 'skip')
  })
}

function applies(type: GraphQLCompositeType, condition: string | undefined, schema: GraphQLSchema): boolean {
  if (condition === undefined || condition === type.name) return true
  const wanted = schema.getType(condition)
  return isAbstractType(wanted) && !isUnion(type) && schema.isSubType(wanted, type as never)
}

const isUnion = (type: GraphQLCompositeType) => isAbstractType(type) && !('getFields' in type)

const TYPE_NAME = new GraphQLNonNull(GraphQLString)

function toField(
  parent: GraphQLCompositeType,
  key: string,
  nodes: readonly FieldNode[],
  rules: SelectionRules,
): SelectedField {
  const name = nodes[0]!.name.value
  const type = typeOfField(parent, name)
  const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const named = getNamedType(type)
  const source = name.startsWith('__') ? key : rules.plannedKey(key, name)
  return {
    key,
    name,
    source,
    read: readerOf(source),
    type,
    coordinate: `${parent.name}.${key}`,
    refusal: rules.refusalAt(parent, nodes),
    below: isCompositeType(named) ? createSelection(named, below, rules) : null,
    nodes,
  }
}

function typeOfField(parent: GraphQLCompositeType, name: string): GraphQLOutputType {
  // The type of `__schema` and `__type` does not matter: graphql-js answers them.
  if (name.startsWith('__') || !('getFields' in parent)) return TYPE_NAME
  return parent.getFields()[name]?.type ?? TYPE_NAME
}
