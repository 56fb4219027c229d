import { isExact } from '../../execution/exact-json.ts'
import { QueryTooLargeError } from './errors.ts'
import { LIMITS } from './limits.ts'

/**
 * Refuses variables with too many or too deeply nested values, which are coerced recursively. Visits them level by level
 * and stops at the first excess. @throws QueryTooLargeError
 */
export function checkVariables(variables: Readonly<Record<string, unknown>>): void {
  let level: unknown[] = Object.values(variables)
  if (level.length <= LIMITS.variableNodes && !level.some(isCollection)) return
  let nodes = level.length
  for (let depth = 0; level.length > 0; depth += 1) {
    if (nodes > LIMITS.variableNodes) throw new QueryTooLargeError('variableNodes', nodes)
    const collections = level.filter(isCollection)
    if (collections.length > 0 && depth === LIMITS.variableDepth) {
      throw new QueryTooLargeError('variableDepth', depth + 1)
    }
    level = collections.flatMap((value) => Object.values(value))
    nodes += level.length
  }
}

const isCollection = (value: unknown): value is object => typeof value === 'object' && value !== null && !isExact(value)
