import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** Whether an operation asks about the schema only, so that no subgraph has to be asked. */
export function isIntrospection(operation: OperationDefinitionNode, document: DocumentNode): boolean {
  if (operation.operation !== 'query') return false
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  return selectsSchemaOnly(
    operation.selectionSet,
    new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
  )
}

/** Ends, because a validated document has no fragment that contains itself. */
function selectsSchemaOnly({ selections }: SelectionSetNode, fragments: Fragments): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value.startsWith('__')
    const target = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    return target !== undefined && selectsSchemaOnly(target.selectionSet, fragments)
  })
}
