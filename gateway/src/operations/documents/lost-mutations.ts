import {
  type DocumentNode,
  type FieldNode,
  type GraphQLFormattedError,
  type GraphQLOutputType,
  getNullableType,
  isAbstractType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql'
import {
  createSelection,
  type RefusalAt,
  type SelectedField,
  type Selection,
  type SelectionRules,
} from '../../execution/answers/selection.ts'
import type { Row } from '../../execution/json.ts'
import type { Graph } from '../graph.ts'

type Errors = ReadonlyMap<FieldNode, GraphQLFormattedError>

const NONE: Errors = new Map()

/**
 * The root fields of a mutation whose answer would be lost: a field below them is refused and must not be null, nor may
 * anything between the two. They are refused themselves, before they act, with the error of the field below. Where types
 * differ in their fields, one such type suffices.
 */
export function findLostMutations(
  { schema, supergraph }: Pick<Graph, 'schema' | 'supergraph'>,
  { document, operation }: Readonly<{ document: DocumentNode; operation: OperationDefinitionNode }>,
  { coerced, refusalAt }: Readonly<{ coerced: Row; refusalAt: RefusalAt }>,
): Errors {
  const root = schema.getMutationType()
  if (operation.operation !== OperationTypeNode.MUTATION || !root) return NONE
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const rules: SelectionRules = {
    schema,
    fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
    conditions: coerced,
    refusalAt,
    plannedKey: supergraph.plannedKey,
  }
  const possibleTypes: PossibleTypes = ({ type }) => (isAbstractType(type) ? schema.getPossibleTypes(type) : [type])

  const fields = createSelection(root, [operation.selectionSet], rules).fieldsOf(root)
  return new Map(
    fields.flatMap((field) => {
      if (field.refusal !== null || !passesNull(getNullableType(field.type))) return []
      const error = findEscape(field, possibleTypes)
      return error === null ? [] : field.nodes.map((node) => [node, error] as const)
    }),
  )
}

type PossibleTypes = (selection: Selection) => readonly Selection['type'][]

/** The error of a field below that makes the value of `field` null. */
function findEscape({ below }: SelectedField, possibleTypes: PossibleTypes): GraphQLFormattedError | null {
  if (below === null) return null
  for (const type of possibleTypes(below)) {
    for (const field of below.fieldsOf(type)) {
      if (!isNonNullType(field.type) || (field.refusal === null && !passesNull(field.type))) continue
      const error = field.refusal ?? findEscape(field, possibleTypes)
      if (error !== null) return error
    }
  }
  return null
}

/** Whether a null of the innermost type becomes the null of all: no list on the way has elements that may be null. */
function passesNull(type: GraphQLOutputType): boolean {
  const nullable = getNullableType(type)
  return !isListType(nullable) || (isNonNullType(nullable.ofType) && passesNull(nullable.ofType))
}
