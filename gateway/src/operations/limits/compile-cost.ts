import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import { Kind } from 'graphql'
import { getComplexity } from 'graphql-query-complexity'
import { LRUCache } from 'lru-cache'
import type { CostModel } from './cost-model.ts'
import { findCostVariables } from './cost-variables.ts'
import { QueryTooLargeError, UnusableVariablesError } from './errors.ts'
import { LIMITS } from './limits.ts'
import { mergeFields } from './merge-fields.ts'

type Variables = Readonly<Record<string, unknown>>
/** @throws UnusableVariablesError for variables that do not fit their definitions. */
export type CostOf = (variables: Variables) => number

/** Combinations of page sizes and conditions whose cost is cached per operation. */
const TUPLES_MAX = 64

/**
 * Prepares the cost of a valid operation. The cost depends on few variables (page sizes, and whether a selection is
 * skipped), so it is computed once per combination of their values and then looked up.
 */
export function compileCost(model: CostModel, document: DocumentNode, operation: OperationDefinitionNode): CostOf {
  const names = findCostVariables(model, withOnly(operation, document))
  const known = new LRUCache<string, number>({ max: TUPLES_MAX })

  return (variables) => {
    const key = keyOf(variables, names)
    const cost = key === null ? undefined : known.get(key)
    if (cost !== undefined) return cost
    const computed = computeCost(model, mergeFields(model.schema, document, operation, variables), variables)
    if (key !== null) known.set(key, computed)
    return computed
  }
}

/** The library would add the costs of all operations of the document. */
function withOnly(operation: OperationDefinitionNode, document: DocumentNode): DocumentNode {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  return { ...document, definitions: [operation, ...fragments] }
}

/** Null for values that are neither numbers nor booleans: they are errors, and are not cached. */
function keyOf(variables: Variables, names: readonly string[]): string | null {
  let key = ''
  for (const name of names) {
    const value = variables[name]
    const isPlain = typeof value === 'number' || typeof value === 'boolean' || value === null
    if (isPlain) key += value
    // A missing variable has its default, unlike null.
    else if (Object.hasOwn(variables, name)) return null
    key += ','
  }
  return key
}

/** Walks an operation without named fragments. @throws UnusableVariablesError */
export function computeCost(
  { schema, estimators }: Pick<CostModel, 'schema' | 'estimators'>,
  operation: OperationDefinitionNode,
  variables: Variables,
): number {
  const query: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation] }
  try {
    const cost = getComplexity({ schema, query, variables, estimators, maxQueryNodes: LIMITS.selections + 1 })
    return Math.min(cost, Number.MAX_SAFE_INTEGER)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // The only error of the library that does not concern a value.
    if (message.includes('maximum allowed number of nodes'))
      throw new QueryTooLargeError('selections', LIMITS.selections + 1)
    throw new UnusableVariablesError(message, { cause: error })
  }
}
