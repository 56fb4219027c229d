import type { Principal } from '@redress/shared/access/permissions.ts'
import {
  type DocumentNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  type SelectionSetNode,
  visit,
} from 'graphql'
import type { Row } from '../execution/json.ts'
import { compileOperation, type RunOperation } from '../execution/operation.ts'
import { createReference } from '../execution/reference.ts'
import { UnsupportedPlanError } from '../execution/steps/compile-plan.ts'
import type { Graph } from './graph.ts'
import { checkShape } from './limits/check-shape.ts'
import { checkText } from './limits/check-text.ts'
import { type CostOf, compileCost } from './limits/compile-cost.ts'
import { type CostExplanation, explainCost } from './limits/explain-cost.ts'
import { LIMITS } from './limits/limits.ts'
import { measureShape, type Shape } from './limits/measure-shape.ts'
import { isDenied, permissionsOf } from './permissions.ts'
import { toPlannable } from './plannable.ts'
import { RefusedOperationError } from './refusal.ts'
import { validateDocument } from './validate-document.ts'

/** One operation of a document with everything that has to be found out about it only once. */
export type PreparedDocument = Readonly<{
  /** Null where the operation has none. */
  name: string | null
  type: OperationTypeNode
  document: DocumentNode
  operation: OperationDefinitionNode
  /** The schema that it was checked against. */
  schema: GraphQLSchema
  rootFields: readonly string[]
  /** Permissions that its root fields need and `principal` lacks. */
  deniedAtRoot: (principal: Principal) => readonly string[]
  /** Whether it asks for the schema itself. */
  introspects: boolean
  shape: Shape
  costOf: CostOf
  explain: (variables: Row) => CostExplanation
  /** @throws RefusedOperationError where the values do not fit. */
  coerce: (variables: Row) => Readonly<Record<string, unknown>>
  /** How to run it for somebody: without the fields that they may not have. Planned when first needed. */
  runFor: (principal: Principal) => RunOperation
}>

export type PrepareOptions = Readonly<{ graph: Graph; hideSuggestions: boolean }>

/** @throws RefusedOperationError where the text is not a document that this schema can answer. */
export function prepareDocument(
  text: string,
  operationName: string | null,
  { graph, hideSuggestions }: PrepareOptions,
): PreparedDocument {
  checkText(text)
  const document = withoutReservedVariable(parseDocument(text))
  const operation = findOperation(document, operationName)
  const shape = measureShape(document, operation)
  checkShape(shape, { depthMax: LIMITS.nesting })
  const problems = validateDocument(graph.schema, document, { hideSuggestions })
  if (problems.length > 0) throw new RefusedOperationError(problems.map(toValidationError))
  const rootFields = rootFieldsOf(document, operation)
  return {
    name: operation.name?.value ?? null,
    type: operation.operation,
    document,
    operation,
    schema: graph.schema,
    rootFields,
    deniedAtRoot: (principal) => {
      const root = graph.schema.getRootType(operation.operation)!
      return rootFields.flatMap((name) => graph.permissions(root, name)).filter((urn) => isDenied(principal, urn))
    },
    shape,
    costOf: compileCost(graph.costs, document, operation),
    explain: (variables) => explainCost(graph.costs, document, operation, variables),
    introspects: asksForSchema(document),
    coerce: createCoercion(graph, operation),
    runFor: createRuns(graph, document, operation),
  }
}

function parseDocument(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: LIMITS.tokens })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    throw new RefusedOperationError([withCode(error, 'GRAPHQL_PARSE_FAILED')])
  }
}

function findOperation({ definitions }: DocumentNode, name: string | null): OperationDefinitionNode {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const found = name === null ? operations : operations.filter((operation) => operation.name?.value === name)
  const [operation] = found
  if (operation !== undefined && found.length === 1) return operation
  const message =
    operations.length === 0
      ? 'The document has no operation.'
      : name === null
        ? 'The document has several operations: say which one by `operationName`.'
        : `The document has no operation named "${name}".`
  throw new RefusedOperationError([{ message, extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }])
}

function asksForSchema(document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Field({ name }) {
      found ||= name.value === '__schema' || name.value === '__type'
    },
  })
  return found
}

/** The planner passes the entities that it asks for as `$representations`. */
function withoutReservedVariable(document: DocumentNode): DocumentNode {
  const isReserved = (definition: DocumentNode['definitions'][number]) =>
    definition.kind === Kind.OPERATION_DEFINITION &&
    definition.variableDefinitions?.some(({ variable }) => variable.name.value === RESERVED)
  if (!document.definitions.some(isReserved)) return document
  throw new RefusedOperationError([
    { message: `A variable cannot be named "${RESERVED}".`, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ])
}

const RESERVED = 'representations'

const VARIABLE_ERRORS_MAX = 10

function createCoercion({ schema }: Graph, { variableDefinitions = [] }: OperationDefinitionNode) {
  const nothing = Object.freeze({})
  return (variables: Row) => {
    if (variableDefinitions.length === 0) return nothing
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables, {
      maxErrors: VARIABLE_ERRORS_MAX,
    })
    if (errors) throw new RefusedOperationError(errors.map((error) => withCode(error, 'BAD_USER_INPUT')))
    return coerced
  }
}

/** The names of the fields at the root of an operation. */
function rootFieldsOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): readonly string[] {
  const namesIn = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection.name.value]
      if (selection.kind === Kind.INLINE_FRAGMENT) return namesIn(selection.selectionSet)
      const fragment = document.definitions.find(
        (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
      )
      return fragment?.kind === Kind.FRAGMENT_DEFINITION ? namesIn(fragment.selectionSet) : []
    })
  return [...new Set(namesIn(selectionSet))]
}

function createRuns(graph: Graph, document: DocumentNode, operation: OperationDefinitionNode) {
  const needed = permissionsOf(document, graph.schema, graph.permissions)
  const runs = new Map<string, RunOperation>()
  return (principal: Principal): RunOperation => {
    const denied = needed.filter((urn) => isDenied(principal, urn))
    const key = denied.join()
    const known = runs.get(key)
    if (known) return known
    const run = compileFor(graph, { document, operation, denied: new Set(denied) })
    runs.set(key, run)
    return run
  }
}

type Parts = Readonly<{ document: DocumentNode; operation: OperationDefinitionNode; denied: ReadonlySet<string> }>

function compileFor({ schema, supergraph, environment, permissions }: Graph, { document, operation, denied }: Parts) {
  const deniedAt = (parent: GraphQLCompositeType, field: string) =>
    denied.size === 0 ? null : (permissions(parent, field).find((urn) => denied.has(urn)) ?? null)
  const { plannedKey } = supergraph
  const isLeftOut = (parent: GraphQLCompositeType, field: string) => deniedAt(parent, field) !== null
  const plannable = toPlannable(document, { schema, plannedKey, isLeftOut })
  const plan = supergraph.plan(plannable, operation.name?.value ?? null)
  try {
    return compileOperation({ schema, document, operation, plan, environment, deniedAt, plannedKey })
  } catch (error) {
    if (!(error instanceof UnsupportedPlanError)) throw error
    return createReference({ supergraph, document: plannable, operation, plan, sources: environment.sources })
  }
}

function toValidationError(error: GraphQLError): GraphQLFormattedError {
  return withCode(error, 'GRAPHQL_VALIDATION_FAILED')
}

function withCode(error: GraphQLError, code: string): GraphQLFormattedError {
  const { message, locations } = error.toJSON()
  return { message, ...(locations && { locations }), extensions: { code } }
}
