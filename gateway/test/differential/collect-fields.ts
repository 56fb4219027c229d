import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  type SelectionSetNode,
} from 'graphql'
import type { Row } from '../../src/execution/json.ts'

export type Operation = Readonly<{
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  variables: Row
}>

/** Adds the fields that a selection asks of an object of this type to `fields`, by their keys in the answer. */
export function collectFields(
  operation: Operation,
  type: GraphQLCompositeType,
  { selections }: SelectionSetNode,
  fields: Map<string, FieldNode[]>,
): void {
  for (const selection of selections) {
    const isLeftOut = (selection.directives ?? []).some(({ name, arguments: given }) => {
      const value = given![0]!.value
      const isTrue =
        value.kind === 'Variable' ? operation.variables[value.name.value] : value.kind === 'BooleanValue' && value.value
      return (name.value === 'skip') === (isTrue ?? true)
    })
    if (isLeftOut) continue
    if (selection.kind === 'Field') {
      const key = selection.alias?.value ?? selection.name.value
      fields.set(key, [...(fields.get(key) ?? []), selection])
    } else {
      const fragment = selection.kind === 'InlineFragment' ? selection : operation.fragments.get(selection.name.value)!
      const condition = fragment.typeCondition?.name.value
      const wanted = condition ? operation.schema.getType(condition) : type
      const applies = wanted === type || (isAbstractType(wanted) && operation.schema.isSubType(wanted, type as never))
      if (applies) collectFields(operation, type, fragment.selectionSet, fields)
    }
  }
}
