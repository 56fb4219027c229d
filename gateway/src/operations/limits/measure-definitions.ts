import { type ASTNode, type DocumentNode, Kind, type SelectionNode } from 'graphql'

export type Definitions = Readonly<{ operations: number; fragments: number; directives: number; aliases: number }>
type WithDirectives = { readonly directives?: readonly ASTNode[] | undefined }

/** Counts the elements of a document, each once, however often it is used. */
export function measureDefinitions({ definitions }: DocumentNode): Definitions {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const executable = [...operations, ...fragments]
  const variables = executable.flatMap(({ variableDefinitions = [] }) => variableDefinitions)
  const selections = executable.flatMap(({ selectionSet }) => selectionsWithin(selectionSet.selections))
  return {
    operations: operations.length,
    fragments: fragments.length,
    directives: [...executable, ...variables, ...selections].reduce(addDirectives, 0),
    aliases: keysOfBusiestField(selections),
  }
}

function addDirectives(sum: number, { directives = [] }: WithDirectives): number {
  return sum + directives.length
}

/** Every selection below, without following fragments. Iterative: the list grows while it is visited. */
function selectionsWithin(outermost: readonly SelectionNode[]): readonly SelectionNode[] {
  const found = [...outermost]
  for (const selection of found) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) continue
    for (const inner of selection.selectionSet?.selections ?? []) found.push(inner)
  }
  return found
}

/** The largest number of response keys under which one field name is selected. */
function keysOfBusiestField(selections: readonly SelectionNode[]): number {
  const keysOfField = new Map<string, Set<string>>()
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) continue
    const { name, alias = name } = selection
    const keys = keysOfField.get(name.value)
    if (keys) keys.add(alias.value)
    else keysOfField.set(name.value, new Set([alias.value]))
  }
  return Math.max(0, ...[...keysOfField.values()].map(({ size }) => size))
}
