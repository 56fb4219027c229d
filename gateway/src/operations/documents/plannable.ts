import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type InlineFragmentNode,
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

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/**
 * The document for the planner: without denied fields, without named fragments, and without introspection, of which the
 * planner knows an older form. A selection whose fields may all be skipped gets `__typename`: the planner would silently
 * drop a field with nothing selected below, even a mutation. Within fragments there is none: the planner fails on some,
 * and an answer needs the type of an object once.
 */
export function toPlannable(document: DocumentNode, { schema, plannedKey, isLeftOut }: PlannableOptions): DocumentNode {
  const types = new TypeInfo(schema)
  /** For each open field, whether the type of its objects is selected. */
  const isTypeSelected: boolean[] = []
  return visit(
    withoutSpreads(document),
    visitWithTypeInfo(types, {
      // The planner refuses directives that it does not know.
      Directive: ({ name }) => (/^(skip|include)$/.test(name.value) ? undefined : null),
      OperationDefinition: { enter: () => void isTypeSelected.push(false), leave: () => void isTypeSelected.pop() },
      Field: {
        enter(field) {
          const name = field.name.value
          if (name === '__typename') isTypeSelected[isTypeSelected.length - 1] = true
          const parent = types.getParentType()
          const isGone = name.startsWith('__') || (parent && isLeftOut(parent, name)) || isNever(field)
          if (isGone) return null
          isTypeSelected.push(false)
          return withPlannedKey(field, plannedKey)
        },
        leave: () => void isTypeSelected.pop(),
      },
      InlineFragment: {
        enter: (fragment) => (isNever(fragment) ? null : undefined),
        leave: ({ selectionSet }) => (selectionSet.selections.length === 0 ? null : undefined),
      },
      SelectionSet: {
        leave(set, _key, parent) {
          if (parent && 'kind' in parent && parent.kind === Kind.INLINE_FRAGMENT) return undefined
          if (!isTypeSelected.at(-1) && set.selections.some(isCertain)) return undefined
          return { ...set, selections: [...set.selections, TYPE_NAME] }
        },
      },
    }),
  )
}

/** The document with inline fragments in place of named ones. Its size is limited with fragments followed. */
function withoutSpreads(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.filter(({ kind }) => kind !== Kind.FRAGMENT_DEFINITION)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  if (fragments.size === 0) return document
  const inline = (definition: DefinitionNode): DefinitionNode =>
    visit(definition, {
      FragmentSpread({ name, directives = [] }): InlineFragmentNode | null {
        const { typeCondition, selectionSet } = fragments.get(name.value)!
        return { kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet }
      },
    })
  return { ...document, definitions: definitions.map(inline) }
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
