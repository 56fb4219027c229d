import { QueryTooLargeError } from './errors.ts'
import { LIMITS } from './limits.ts'

/**
 * Refuses variables that are too many or too deep for what coerces them, one call inside another. Goes through them
 * level by level and stops at the first one that is too much. @throws QueryTooLargeError
 */
export function checkVariables(variables: Readonly<Record<string, unknown>>): void {
  let level: unknown[] = Object.values(variables)
  let nodes = level.length
  for (let depth = 0; level.length > 0; depth += 1) {
    if (nodes > LIMITS.variableNodes) throw new QueryTooLargeError('variableNodes', nodes)
    const collections = level.filter((value) => typeof value === 'object' && value !== null)
    if (collections.length > 0 && depth === LIMITS.variableDepth) {
      throw new QueryTooLargeError('variableDepth', depth + 1)
    }
    level = collections.flatMap((value) => Object.values(value))
    nodes += level.length
  }
}
