import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { PlannedKey } from '../../execution/planning/planned-keys.ts'

export type PlannableOptions = Readonly<{
  schema: GraphQLSchema
  plannedKey: PlannedKey
  isLeftOut: (parent: GraphQLCompositeType, fieldName: string) => boolean
}>

const TYPE_NAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/**
 * The document for the planner: without denied fields, and without introspection, of which the planner knows an older
 * form. A selection whose fields may all be skipped gets `__typename`: the planner would silently drop a field with nothing
 * selected below, even a mutation.
 */
export function toPlannable(document: DocumentNode, { schema, plannedKey, isLeftOut }: PlannableOptions): DocumentNode {
  const types = new TypeInfo(schema)
  return visit(
    document,
    visitWithTypeInfo(types, {
      // The planner refuses directives that it does not know.
      Directive: ({ name }) => (/^(skip|include)$/.test(name.value) ? undefined : null),
      FragmentDefinition: ({ typeCondition }) => (typeCondition.name.value.startsWith('__') ? null : undefined),
      Field(field) {
        const name = field.name.value
        const parent = types.getParentType()
        const isAboutSchema = name === '__schema' || name === '__type'
        const isGone = isAboutSchema || (parent && isLeftOut(parent, name)) || isNever(field)
        return isGone ? null : withPlannedKey(field, plannedKey)
      },
      InlineFragment: (fragment) => (isNever(fragment) ? null : undefined),
      FragmentSpread: (spread) => (isNever(spread) ? null : undefined),
      SelectionSet: {
        leave: (set) =>
          set.selections.some(isCertain) ? undefined : { ...set, selections: [...set.selections, TYPE_NAME] },
      },
    }),
  )
}

const isCertain = ({ kind, directives = [] }: SelectionNode) => kind === Kind.FIELD && directives.length === 0

/** Whether it is skipped, or not included, by a constant. */
function isNever({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name, arguments: given }) => {
    const value = given?.[0]?.value
    return (
      value?.kind === Kind.BOOLEAN && /^(skip|include)$/.test(name.value) && value.value === (name.value === 'skip')
    )
  })
}

function withPlannedKey(field: FieldNode, plannedKey: PlannedKey): FieldNode | undefined {
  const { alias, name } = field
  if (alias === undefined) return undefined
  const key = plannedKey(alias.value, name.value)
  return key === alias.value ? undefined : { ...field, alias: { ...alias, value: key } }
}
