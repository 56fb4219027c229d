import type { FetchNode } from '@apollo/query-planner'
import { type DocumentNode, Kind, parse, print, type SelectionNode, stripIgnoredCharacters, visit } from 'graphql'

/** A field of the entities that a fetch asks for. */
export type EntityField = Readonly<{
  typeName: string
  name: string
  /** The key in the answer. */
  key: string
}>

/** The fields of the entities that a fetch asks for, without those below them. */
export function entityFieldsOf({ operation }: FetchNode): readonly EntityField[] {
  const found: EntityField[] = []
  filterFields(parse(operation, { noLocation: true }), (field) => {
    found.push(field)
    return true
  })
  return found
}

/** The same fetch for some of the fields of its entities, without the variables that only the others use. */
export function narrowFetch(fetch: FetchNode, isKept: (field: EntityField) => boolean): FetchNode {
  const document = filterFields(parse(fetch.operation, { noLocation: true }), isKept)
  const used = new Set<string>()
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(name.value),
  })
  const narrowed = visit(document, {
    VariableDefinition: ({ variable }) => (used.has(variable.name.value) ? undefined : null),
  })
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(narrowed)),
    variableUsages: (fetch.variableUsages ?? []).filter((name) => used.has(name)),
  }
}

function filterFields(document: DocumentNode, isKept: (field: EntityField) => boolean): DocumentNode {
  const [operation, ...others] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return document
  const [entities] = operation.selectionSet.selections
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) return document
  const filter = (typeName: string, selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection]
      if (selection.kind === Kind.FIELD) {
        const { name, alias = name } = selection
        const isTypeName = name.value === '__typename'
        return isTypeName || isKept({ typeName, name: name.value, key: alias.value }) ? [selection] : []
      }
      const kept = filter(selection.typeCondition?.name.value ?? typeName, selection.selectionSet.selections)
      return kept.length === 0 ? [] : [{ ...selection, selectionSet: { ...selection.selectionSet, selections: kept } }]
    })
  const selectionSet = { ...entities.selectionSet, selections: filter('', entities.selectionSet.selections) }
  const root = { ...operation.selectionSet, selections: [{ ...entities, selectionSet }] }
  return { ...document, definitions: [{ ...operation, selectionSet: root }, ...others] }
}
