import {
  type DocumentNode,
  type FieldNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { codedError } from '../../execution/coded-error.ts'

/** A variable that may be null where null is not allowed, because the argument or the variable has a default. */
export type NullArgument = Readonly<{
  variable: string
  /** The field that has no value while the variable is null; null for a directive. */
  field: FieldNode | null
  error: GraphQLFormattedError
}>

/** Finds the variables of a valid operation that make a field fail where they are null. Few operations have any. */
export function findNullArguments(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
): readonly NullArgument[] {
  const nullable = new Set<string>()
  for (const { variable, type } of variableDefinitions) {
    if (type.kind !== Kind.NON_NULL_TYPE) nullable.add(variable.name.value)
  }
  if (nullable.size === 0) return []

  const found: NullArgument[] = []
  const fields: FieldNode[] = []
  let isInDirective = false
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: () => false,
      Field: { enter: (field) => void fields.push(field), leave: () => void fields.pop() },
      Directive: {
        enter() {
          isInDirective = true
        },
        leave() {
          isInDirective = false
        },
      },
      Variable({ name }) {
        const type = types.getInputType()
        if (!isNonNullType(type) || !nullable.has(name.value)) return
        const message = `$${name.value} must not be null here: this is of the type ${type}.`
        const field = isInDirective ? null : (fields.at(-1) ?? null)
        found.push({ variable: name.value, field, error: codedError('BAD_USER_INPUT', message) })
      },
    }),
  )
  return found
}

/** The document without some fields. */
export function withoutFields(document: DocumentNode, isLeftOut: (field: FieldNode) => boolean): DocumentNode {
  return visit(document, {
    Field: (field) => (isLeftOut(field) ? null : undefined),
    SelectionSet: {
      leave: (set) => (set.selections.length === 0 ? { ...set, selections: [TYPE_NAME] } : undefined),
    },
  })
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }
