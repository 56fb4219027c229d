import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  getVariableValues,
  type InlineFragmentNode,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  TypeMetaFieldDef,
} from 'graphql'
import { QueryTooLargeError, UnusableVariablesError } from './errors.ts'
import { LIMITS } from './limits.ts'

type Variables = Readonly<Record<string, unknown>>
type Merging = Readonly<{
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  variables: Variables
}> & { left: number }

/**
 * A valid operation as it is executed: without fragments that apply anyway, without what conditions leave out, and with
 * each field once, however often it is selected. A field of an interface and the same field in a fragment on one of its
 * types stay two. @throws QueryTooLargeError for an operation whose shape is not checked.
 * @throws UnusableVariablesError for a condition on null
 */
export function mergeFields(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  operation: OperationDefinitionNode,
  given: Variables,
): OperationDefinitionNode {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], given)
  const merging = {
    schema,
    fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
    variables: coerced,
    left: LIMITS.selections,
  }
  const root = schema.getRootType(operation.operation) ?? null
  return { ...operation, selectionSet: mergeSets([operation.selectionSet.selections], root, merging) }
}

function mergeSets(
  sets: readonly (readonly SelectionNode[])[],
  type: GraphQLNamedType | null,
  merging: Merging,
): InlineFragmentNode['selectionSet'] {
  const fields = new Map<string, FieldNode[]>()
  const conditional = new Map<string, (readonly SelectionNode[])[]>()
  for (const set of sets) collect(set, type, { fields, conditional, merging, seen: new Set() })
  const merged = [...fields.values()].map((nodes) => mergeNodes(nodes, type, merging))
  const narrowed = [...conditional].map(([condition, inner]): InlineFragmentNode => {
    const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } } as const
    const selectionSet = mergeSets(inner, merging.schema.getType(condition) ?? null, merging)
    return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet }
  })
  return { kind: Kind.SELECTION_SET, selections: [...merged, ...narrowed] }
}

function mergeNodes(nodes: readonly FieldNode[], parent: GraphQLNamedType | null, merging: Merging): FieldNode {
  const [first] = nodes as [FieldNode]
  const sets = nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet.selections] : []))
  const { directives: _, ...node } = first
  if (sets.length === 0) return node
  return { ...node, selectionSet: mergeSets(sets, typeBelow(parent, first.name.value, merging.schema), merging) }
}

function typeBelow(parent: GraphQLNamedType | null, name: string, schema: GraphQLSchema): GraphQLNamedType | null {
  const meta = [SchemaMetaFieldDef, TypeMetaFieldDef].find((field) => field.name === name)
  const field = meta ?? (isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined)
  return field ? (schema.getType(getNamedType(field.type).name) ?? null) : null
}

type Collecting = Readonly<{
  fields: Map<string, FieldNode[]>
  conditional: Map<string, (readonly SelectionNode[])[]>
  merging: Merging
  seen: Set<string>
}>

function collect(selections: readonly SelectionNode[], type: GraphQLNamedType | null, collecting: Collecting): void {
  const { fields, conditional, merging, seen } = collecting
  for (const selection of selections) {
    if (--merging.left < 0) throw new QueryTooLargeError('selections', LIMITS.selections + 1)
    if (!isSelected(selection, merging.variables)) continue
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      const nodes = fields.get(key)
      if (nodes) nodes.push(selection)
      else fields.set(key, [selection])
      continue
    }
    const name = selection.kind === Kind.FRAGMENT_SPREAD ? selection.name.value : null
    if (name !== null && seen.has(name)) continue
    if (name !== null) seen.add(name)
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : merging.fragments.get(selection.name.value)
    if (fragment === undefined) continue
    const condition = fragment.typeCondition?.name.value
    if (condition === undefined || appliesAlways(type, condition, merging.schema)) {
      collect(fragment.selectionSet.selections, type, collecting)
    } else conditional.set(condition, [...(conditional.get(condition) ?? []), fragment.selectionSet.selections])
  }
}

function appliesAlways(type: GraphQLNamedType | null, condition: string, schema: GraphQLSchema): boolean {
  if (type?.name === condition) return true
  const wanted = schema.getType(condition)
  return isObjectType(type) && isAbstractType(wanted) && schema.isSubType(wanted, type)
}

function isSelected(selection: SelectionNode, variables: Variables): boolean {
  if (!selection.directives?.length) return true
  try {
    const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables)
    const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables)
    return skip?.if !== true && include?.if !== false
  } catch (error) {
    // A nullable variable with a default may be null, which a condition cannot be.
    throw new UnusableVariablesError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
