import type { Principal } from '@redress/shared/access/permissions.ts'
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationTypeNode } from 'graphql'
import type { RateGroup } from '../../access/rate-limit.ts'
import type { Row } from '../../execution/json.ts'
import type { Graph } from '../graph.ts'
import { checkShape } from '../limits/check-shape.ts'
import { checkText } from '../limits/check-text.ts'
import { type CostOf, compileCost } from '../limits/compile-cost.ts'
import { type CostExplanation, explainCost } from '../limits/explain-cost.ts'
import { LIMITS } from '../limits/limits.ts'
import { measureShape, type Shape } from '../limits/measure-shape.ts'
import { isDenied } from '../permissions.ts'
import { RefusedOperationError } from '../refusal.ts'
import { toDocumentProblem } from './argument-problem.ts'
import { type Coerce, compileCoercion } from './coerce-variables.ts'
import { createRuns, type RunFor } from './compile-runs.ts'
import { compileVariables } from './exact-variables.ts'
import { findNullArguments, type NullArgument } from './null-arguments.ts'
import { findOperation, isIntrospection, parseDocument, rootFieldsOf } from './parse-document.ts'
import { validateDocument } from './validate-document.ts'

/** One operation of a document, with everything that is computed only once for it. */
export type PreparedDocument = Readonly<{
  /** Null if the operation is anonymous. */
  name: string | null
  type: OperationTypeNode
  document: DocumentNode
  operation: OperationDefinitionNode
  /** The schema that it was validated against. */
  schema: GraphQLSchema
  /** The rate-limit groups that it counts for, beside `general`. */
  rateGroups: readonly RateGroup[]
  /** Permissions that its root fields need and `principal` lacks. */
  deniedAtRoot: (principal: Principal) => readonly string[]
  /** Whether it has `__schema` or `__type`. */
  introspects: boolean
  shape: Shape
  costOf: CostOf
  explain: (variables: Row) => CostExplanation
  /** The variables as all else takes them: numbers are exact in custom scalars only. */
  readVariables: (variables: Row) => Row
  coerce: Coerce
  /** How to run it without the fields that the principal may not read. Planned when first needed. */
  runFor: RunFor
}>

export type PrepareOptions = Readonly<{ graph: Graph; hideSuggestions: boolean }>

/** @throws RefusedOperationError, or an error of a limit, if this schema cannot answer the document. */
export function prepareDocument(
  text: string,
  operationName: string | null,
  { graph, hideSuggestions }: PrepareOptions,
): PreparedDocument {
  checkText(text)
  const document = parseDocument(text)
  const operation = findOperation(document, operationName)
  const shape = measureShape(document, operation)
  checkShape(shape, { depthMax: LIMITS.nesting })
  const problems = validateDocument(graph.schema, document, { hideSuggestions })
  if (problems.length > 0) {
    throw new RefusedOperationError(problems.map((problem) => toDocumentProblem(document, problem)))
  }
  const nulls = findNullArguments(graph.schema, document, operation)
  const withoutNulls = createNullFilter(nulls)
  const costOf = compileCost(graph.costs, document, operation)
  return {
    name: operation.name?.value ?? null,
    type: operation.operation,
    document,
    operation,
    schema: graph.schema,
    ...readRootFields(graph, document, operation),
    shape,
    costOf: (variables) => costOf(withoutNulls(variables)),
    explain: (variables) => explainCost(graph.costs, document, operation, withoutNulls(variables)),
    introspects: isIntrospection(document),
    readVariables: compileVariables(graph.schema, operation),
    coerce: compileCoercion(graph.schema, document, operation),
    runFor: createRuns(graph, { document, operation, nulls }),
  }
}

function readRootFields(
  { schema, permissions, rateGroups }: Graph,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Pick<PreparedDocument, 'rateGroups' | 'deniedAtRoot'> {
  const root = schema.getRootType(operation.operation)!
  const names = rootFieldsOf(document, operation)
  const needed = names.flatMap((name) => permissions(root, name))
  const groups = names.map((name) => rateGroups(root, name)).filter((group) => group !== null)
  return {
    rateGroups: [...new Set(groups)],
    deniedAtRoot: (principal) => needed.filter((urn) => isDenied(principal, urn)),
  }
}

/** A field that fails because a variable is null costs what it costs with the default. */
function createNullFilter(nulls: readonly NullArgument[]): (variables: Row) => Row {
  if (nulls.length === 0) return (variables) => variables
  const names = new Set(nulls.map(({ variable }) => variable))
  const isKept = ([name, value]: [string, unknown]) => value !== null || !names.has(name)
  return (variables) => Object.fromEntries(Object.entries(variables).filter(isKept))
}
