import { createHash } from 'node:crypto'
import { checkOfArguments } from '@redress/shared/subgraph/check-arguments.ts'
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  Kind,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql'
import { refusal } from '../operations/refusal.ts'
import type { GraphqlRequest } from './prepared-subscription.ts'

/** The one root field of a validated subscription. @throws RefusedOperationError for a conditional one. */
export function rootFieldOf(document: DocumentNode, { selections }: SelectionSetNode): FieldNode {
  const [selection] = selections
  if (selection?.directives?.length) {
    const message = 'The field of a subscription cannot be conditional.'
    throw refusal('GRAPHQL_VALIDATION_FAILED', message)
  }
  if (selection?.kind === Kind.FIELD) return selection
  const fragment = document.definitions.find(
    (definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION &&
      selection?.kind === Kind.FRAGMENT_SPREAD &&
      definition.name.value === selection.name.value,
  )
  const inner = selection?.kind === Kind.INLINE_FRAGMENT ? selection : fragment
  return rootFieldOf(document, (inner as { selectionSet: SelectionSetNode }).selectionSet)
}

/** The arguments of a root field, under the same checks as those of subgraphs. @throws BadUserInputError */
export function argumentsOf(schema: GraphQLSchema, field: FieldNode, coerced: Readonly<Record<string, unknown>>) {
  const definition = schema.getSubscriptionType()!.getFields()[field.name.value]!
  const values = getArgumentValues(definition, field, coerced)
  checkOfArguments(definition)?.(values)
  return values
}

/**
 * Equal for subscriptions that get the same answer to the same event. Only `after` of the root field, and variables that
 * only it uses, do not change the answer and are left out: other fields have arguments of that name too.
 */
export function keyOf(
  document: DocumentNode,
  root: FieldNode,
  { operationName, variables }: GraphqlRequest,
  scope: string,
): string {
  const rest = root.arguments?.filter(({ name }) => name.value !== 'after') ?? []
  const withoutAfter = visit(document, { Field: (node) => (node === root ? { ...root, arguments: rest } : undefined) })
  const used = new Set<string>()
  visit(withoutAfter, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) })
  const others = Object.entries(variables ?? {}).filter(([name]) => used.has(name))
  const parts = [print(withoutAfter), operationName ?? null, others, scope]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
